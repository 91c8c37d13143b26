package settings

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
)

// Source is an organization to collect.
type Source struct {
	// Name is its label in logs and reports, "default" where the config file lists no organizations.
	Name    string
	BaseURL string
	Token   fetch.Token
	// OrganizationID is the organization that the token must belong to, empty where the settings do not name it.
	OrganizationID string
	// TokenExpires is the beginning of the day in UTC, zero where the settings do not say.
	TokenExpires time.Time
	// Err is why there is no token; the organization fails with it and the others are collected.
	Err error
}

// organizationEntry is an entry of organizations in the config file.
type organizationEntry struct {
	Name           string `yaml:"name"`
	BaseURL        string `yaml:"base_url"`
	TokenEnv       string `yaml:"token_env"`
	TokenFile      string `yaml:"token_file"`
	TokenExpires   string `yaml:"token_expires"`
	OrganizationID string `yaml:"organization_id"`
}

const (
	defaultSource = "default"
	entryHint     = "each entry needs a name, and token_env or token_file"
	baseURLHint   = "base_url carries the API's path, as in https://app.gitpod.io/api"
	expiryHint    = "it is the day that Ona showed when the token was made, such as 2027-01-31"
)

// entries are the organizations of the config file, or the single one that the other settings describe.
func (s *Settings) entries() (all []organizationEntry, listed bool) {
	if len(s.Organizations) > 0 {
		return s.Organizations, true
	}
	return []organizationEntry{{Name: defaultSource, TokenFile: s.TokenFile, TokenExpires: s.TokenExpires,
		OrganizationID: s.Organization}}, false
}

// Sources returns the organizations to collect. It reads the tokens. The log gets a warning for a token file that
// others can read.
func (s *Settings) Sources(log *slog.Logger) ([]Source, error) {
	entries, listed := s.entries()
	if listed && (s.TokenFile != "" || s.TokenExpires != "" || s.Organization != "") {
		return nil, &Error{errors.New("--token-file, --token-expires and --organization are for a single organization"),
			"the config file lists organizations: set token_env or token_file, token_expires and organization_id in each entry"}
	}
	named := make(map[string]bool)
	var sources []Source
	for i, entry := range entries {
		if err := entry.check(named); err != nil && listed {
			return nil, s.wrongEntry("organizations", i, err, entryHint)
		}
		named[entry.Name] = true
		source, err := s.source(entry)
		switch {
		case err != nil && listed:
			return nil, s.wrongEntry("organizations", i, fmt.Errorf("organization %q: %w", entry.Name, err), baseURLHint)
		case err != nil:
			return nil, &Error{fmt.Errorf("organization %q: %w", entry.Name, err),
				"check --base-url, GITPOD_BASE_URL or ONA_HOST, base_url in the config file, and --organization"}
		}
		if source.Token, source.Err = s.token(entry, log); source.Err != nil && !listed {
			return nil, source.Err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

func (e *organizationEntry) check(named map[string]bool) error {
	switch {
	case e.Name == "":
		return errors.New("the entry has no name")
	case named[e.Name]:
		return fmt.Errorf("two entries are named %q; an organization is remembered by the name of its entry", e.Name)
	case (e.TokenEnv == "") == (e.TokenFile == ""):
		return fmt.Errorf("%q needs one of token_env and token_file", e.Name)
	}
	return nil
}

// source is the entry's source without its token.
func (s *Settings) source(e organizationEntry) (source Source, err error) {
	source = Source{Name: e.Name, TokenExpires: s.TokenExpiries[e.Name]}
	if source.BaseURL, err = fetch.ParseBaseURL(cmp.Or(e.BaseURL, s.BaseURL)); err != nil {
		return source, err
	}
	source.OrganizationID, err = ona.ParseID(strings.TrimSpace(e.OrganizationID))
	return source, err
}

// token reads the token of an entry: the file or the variable that it names, else ONA_TOKEN, else GITPOD_API_KEY.
func (s *Settings) token(e organizationEntry, log *slog.Logger) (fetch.Token, error) {
	variables := []string{"ONA_TOKEN", "GITPOD_API_KEY"}
	switch {
	case e.TokenFile != "":
		return tokenFromFile(e.TokenFile, log)
	case e.TokenEnv != "":
		variables = []string{e.TokenEnv}
	}
	for _, name := range variables {
		if value := s.getenv(name); value != "" {
			return parseToken(value, "environment variable "+name)
		}
	}
	if e.TokenEnv != "" {
		return "", &Error{fmt.Errorf("its token_env %s is not set", e.TokenEnv),
			"set " + e.TokenEnv + " to a token of this organization"}
	}
	return "", &Error{errors.New("there is no token: ONA_TOKEN and GITPOD_API_KEY are not set, " +
		"and no --token-file is named"),
		"make a read-only personal access token in the settings of your Ona account and set ONA_TOKEN to it; " +
			"to see the tool without one, run \"auditor demo\""}
}

func tokenFromFile(path string, log *slog.Logger) (fetch.Token, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", &Error{fmt.Errorf("reading the token file: %w", err),
			"put the token into the file, readable by the user that runs auditor and nobody else"}
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("token_file_readable_by_others", slog.String("file", path),
			slog.String("mode", info.Mode().Perm().String()), slog.String("do", "chmod 600 "+path))
	}
	return parseToken(string(text), "token file "+path)
}

func parseToken(value, where string) (fetch.Token, error) {
	token, err := fetch.ParseToken(value)
	if err != nil {
		return "", &Error{fmt.Errorf("%s: %w", where, err), "put the token there as Ona showed it, and nothing else"}
	}
	return token, nil
}

func (s *Settings) parseTokenExpiries() error {
	s.TokenExpiries = make(map[string]time.Time)
	entries, listed := s.entries()
	for i, entry := range entries {
		if entry.TokenExpires == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, entry.TokenExpires)
		if err != nil {
			err = fmt.Errorf("%q is no date", entry.TokenExpires)
		}
		switch {
		case err != nil && listed:
			return s.wrongEntry("organizations", i, fmt.Errorf("token_expires: %w", err), expiryHint)
		case err != nil:
			return s.wrong("token-expires", err, expiryHint)
		}
		s.TokenExpiries[entry.Name] = at
	}
	return nil
}
