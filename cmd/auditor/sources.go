package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
)

// defaultSource is the label of the one organization of a setup without an organizations list.
const defaultSource = "default"

// reach is how every source is read: one log, and one set of connections for all of them.
type reach struct {
	env       environment
	log       *slog.Logger
	transport http.RoundTripper
}

// sources are the organizations to collect, each with its token and its end. A token that is missing or cannot be one is a wrong setting.
func (s *settings) sources(env environment, log *slog.Logger) ([]job.Source, error) {
	sources, err := s.namedSources(reach{env, log, fetch.NewTransport(s.concurrency)})
	if err != nil {
		return nil, err
	}
	for i := range sources {
		sources[i].TokenExpires = s.expiries[i].at
	}
	return sources, nil
}

func (s *settings) namedSources(r reach) ([]job.Source, error) {
	if len(s.organizations) > 0 {
		return s.listedSources(r)
	}
	token, err := s.token(r.env, r.log)
	if err != nil {
		return nil, err
	}
	source, err := s.source(r, organizationEntry{Name: defaultSource, OrganizationID: s.organization}, token)
	if err != nil {
		return nil, usage(err, "check --base-url, GITPOD_BASE_URL or ONA_HOST, or base_url in the config file")
	}
	return []job.Source{source}, nil
}

const entryNeeds = "each entry needs a name, and token_env or token_file"

// noToken stands for one that is not there in a source that will not be asked for.
const noToken fetch.Token = "none"

// listedSources are the sources of the config file's organizations. One whose token is not there fails by itself, when it is collected.
func (s *settings) listedSources(r reach) ([]job.Source, error) {
	if s.tokenFile != "" || s.tokenExpires != "" || s.organization != "" {
		return nil, usage(errors.New("--token-file, --token-expires and --organization are for a single organization"),
			"the config file lists organizations: set token_env or token_file, token_expires and organization_id in each entry")
	}
	named := make(map[string]bool)
	var sources []job.Source
	for i, entry := range s.organizations {
		if entry.Name == "" {
			return nil, s.wrongEntry("organizations", i, errors.New("the entry has no name"), entryNeeds)
		}
		if named[entry.Name] {
			return nil, s.wrongEntry("organizations", i, fmt.Errorf("two entries are named %q", entry.Name), "a name is what the entry's organization is remembered by: give each its own")
		}
		named[entry.Name] = true
		if (entry.TokenEnv == "") == (entry.TokenFile == "") {
			return nil, s.wrongEntry("organizations", i, fmt.Errorf("%q needs one of token_env and token_file", entry.Name), entryNeeds)
		}
		token, missing := entry.token(r.env, r.log)
		if missing != nil {
			token = noToken
		}
		source, err := s.source(r, entry, token)
		if err != nil {
			return nil, s.wrongEntry("organizations", i, err, "base_url carries the API's path, as in https://app.gitpod.io/api")
		}
		source.Err = missing
		sources = append(sources, source)
	}
	return sources, nil
}

func (s *settings) source(r reach, entry organizationEntry, token fetch.Token) (job.Source, error) {
	baseURL := entry.BaseURL
	if baseURL == "" {
		baseURL = s.baseURL
	}
	options := fetch.Options{
		BaseURL: baseURL, Token: token, OrganizationID: entry.OrganizationID, PageSize: s.pageSize, Now: r.env.now,
		Limits: r.env.limits, Sleep: r.env.sleep, Transport: r.transport,
		Logger: r.log.With(slog.String("source", entry.Name)), UserAgent: "scim-auditor/" + readVersion().Version,
	}
	if _, err := fetch.New(options); err != nil {
		return job.Source{}, fmt.Errorf("organization %q: %w", entry.Name, err)
	}
	return job.Source{Name: entry.Name, Fetch: options}, nil
}

// token is the token of a single organization: from the file that is named, else from ONA_TOKEN, else from GITPOD_API_KEY.
func (s *settings) token(env environment, log *slog.Logger) (fetch.Token, error) {
	if s.tokenFile != "" {
		return tokenFromFile(s.tokenFile, log)
	}
	for _, name := range []string{"ONA_TOKEN", "GITPOD_API_KEY"} {
		if value := env.getenv(name); value != "" {
			return parseToken(value, "environment variable "+name)
		}
	}
	return "", usage(errors.New("there is no token: ONA_TOKEN and GITPOD_API_KEY are not set, and no --token-file is named"),
		"make a read-only personal access token in the settings of your Ona account and set ONA_TOKEN to it; to see the tool without one, run \"auditor demo\"")
}

func (e *organizationEntry) token(env environment, log *slog.Logger) (fetch.Token, error) {
	if e.TokenFile != "" {
		return tokenFromFile(e.TokenFile, log)
	}
	value := env.getenv(e.TokenEnv)
	if value == "" {
		return "", usage(fmt.Errorf("its token_env %s is not set", e.TokenEnv), "set "+e.TokenEnv+" to a token of this organization")
	}
	return parseToken(value, "environment variable "+e.TokenEnv)
}

func tokenFromFile(path string, log *slog.Logger) (fetch.Token, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", usage(fmt.Errorf("reading the token file: %w", err), "put the token into the file, readable by the user that runs auditor and nobody else")
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("token_file_readable_by_others", slog.String("file", path), slog.String("mode", info.Mode().Perm().String()), slog.String("do", "chmod 600 "+path))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", usage(fmt.Errorf("reading the token file: %w", err), "let the user that runs auditor read it")
	}
	return parseToken(string(text), "token file "+path)
}

func parseToken(value, where string) (fetch.Token, error) {
	token, err := fetch.ParseToken(value)
	if err != nil {
		return "", usage(fmt.Errorf("%s: %w", where, err), "put the token there as Ona showed it, and nothing else")
	}
	return token, nil
}
