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

type organizationEntry struct {
	Name           string `yaml:"name"`
	BaseURL        string `yaml:"base_url"`
	TokenEnv       string `yaml:"token_env"`
	TokenFile      string `yaml:"token_file"`
	TokenExpires   string `yaml:"token_expires"`
	OrganizationID string `yaml:"organization_id"`
	Members        *bool  `yaml:"members"` // nil if the setting of the whole file holds
}

const (
	defaultSource = "default"
	entryHint     = "each entry needs a name, and token_env or token_file"
	baseURLHint   = "base_url must include the path of the API, as in https://app.gitpod.io/api"
	tokenHint     = "the token belongs only where token_env or token_file says; make a new one if this setting was shared"
	expiryHint    = "set the day that Ona showed when the token was created, such as 2027-01-31"
)

// entries returns the organizations in the config file (listed), or the one that the other
// settings describe.
func (s *Settings) entries() (all []organizationEntry, listed bool) {
	if len(s.Organizations) > 0 {
		return s.Organizations, true
	}
	return []organizationEntry{{Name: defaultSource, TokenFile: s.TokenFile, TokenExpires: s.TokenExpires,
		OrganizationID: s.Organization}}, false
}

// Sources returns the organizations of the shard to collect, each with its base URL, token and page
// size. It reads the tokens, and logs a warning for a token file that other users can read.
func (s *Settings) Sources(log *slog.Logger) ([]fetch.Source, error) {
	entries, listed := s.entries()
	if listed && (s.TokenFile != "" || s.TokenExpires != "" || s.Organization != "") {
		return nil, &Error{errors.New("--token-file, --token-expires and --organization are for a single organization"),
			"the config file lists organizations: set token_env or token_file, token_expires and organization_id in each entry"}
	}
	named := make(map[string]bool)
	var sources []fetch.Source
	for i, entry := range entries {
		if err := entry.check(named); err != nil && listed {
			return nil, s.wrongEntry("organizations", i, err, entryHint)
		}
		named[entry.Name] = true
		if !s.Shard.Has(entry.Name) {
			continue // another shard collects it, and may be the only one with its token
		}
		source, err := s.source(entry)
		switch {
		case err != nil && listed:
			return nil, s.wrongEntry("organizations", i, fmt.Errorf("organization %q: %w", entry.Name, err), baseURLHint)
		case err != nil:
			return nil, &Error{fmt.Errorf("organization %q: %w", entry.Name, err),
				"check --base-url, ONA_BASE_URL, GITPOD_BASE_URL or ONA_HOST, base_url in the config file, and --organization"}
		}
		if source.Fetch.Token, source.Err = s.token(entry, log); source.Err != nil && !listed {
			return nil, source.Err
		}
		if err := entry.checkToken(source.Fetch.Token, s.BaseURL); err != nil && listed {
			return nil, s.wrongEntry("organizations", i, err, tokenHint)
		} else if err != nil {
			return nil, &Error{err, tokenHint}
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
		return fmt.Errorf("two entries are named %q; each organization needs its own name", e.Name)
	case (e.TokenEnv == "") == (e.TokenFile == ""):
		return fmt.Errorf("%q needs one of token_env and token_file", e.Name)
	}
	return checkVariable("token_env", e.TokenEnv)
}

// checkToken refuses a token that was pasted into another setting too: reports show that one.
func (e *organizationEntry) checkToken(token fetch.Token, baseURL string) error {
	for _, setting := range []struct{ key, value string }{
		{"name", e.Name}, {"base_url", cmp.Or(e.BaseURL, baseURL)}, {"organization_id", e.OrganizationID},
	} {
		if len(token) >= 8 && strings.Contains(setting.value, string(token)) {
			return fmt.Errorf("%s contains the token of the organization", setting.key)
		}
	}
	return nil
}

func (s *Settings) source(e organizationEntry) (source fetch.Source, err error) {
	source = fetch.Source{Name: e.Name, TokenExpires: s.TokenExpiries[e.Name]}
	source.Fetch.PageSize, source.Fetch.Members = s.PageSize, s.members(e)
	if source.Fetch.BaseURL, err = fetch.ParseBaseURL(cmp.Or(e.BaseURL, s.BaseURL)); err != nil {
		return source, err
	}
	source.Fetch.OrganizationID, err = ona.ParseID(strings.TrimSpace(e.OrganizationID))
	return source, err
}

// members reports whether the members of an organization are collected.
func (s *Settings) members(e organizationEntry) bool {
	if e.Members != nil {
		return *e.Members
	}
	return s.Members
}

// tokenVariables have the token of a single organization, the first that is set.
var tokenVariables = []string{"ONA_TOKEN", "ONA_API_KEY", "GITPOD_API_KEY"}

// token reads the token of an entry from its file or variable, else from the first of
// tokenVariables.
func (s *Settings) token(e organizationEntry, log *slog.Logger) (fetch.Token, error) {
	switch {
	case e.TokenFile != "":
		return tokenFromFile(e.TokenFile, log)
	case e.TokenEnv != "":
		value, err := s.fromVariable("token_env", e.TokenEnv)
		if err != nil {
			hint := "set the variable to a token of this organization"
			if shownName.MatchString(e.TokenEnv) {
				hint = "set " + e.TokenEnv + " to a token of this organization"
			}
			return "", &Error{err, hint}
		}
		return parseToken(value, "environment variable "+e.TokenEnv)
	}
	for _, name := range tokenVariables {
		if value := s.getenv(name); value != "" {
			return parseToken(value, "environment variable "+name)
		}
	}
	return "", &Error{errors.New("there is no token: neither ONA_TOKEN, ONA_API_KEY, GITPOD_API_KEY nor " +
		"--token-file is set"),
		"create a read-only personal access token in the settings of your Ona account and set ONA_TOKEN to it; " +
			"to see the tool without one, run \"auditor demo\""}
}

func tokenFromFile(path string, log *slog.Logger) (fetch.Token, error) {
	text, err := fromFile("token_file", path)
	if err != nil {
		return "", &Error{err, "put the token into the file, readable only by the user that runs auditor"}
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("token_file_readable_by_others", slog.String("file", path),
			slog.String("mode", info.Mode().Perm().String()), slog.String("do", "chmod 600 "+path))
	}
	return parseToken(text, "token file "+path)
}

func parseToken(value, where string) (fetch.Token, error) {
	token, err := fetch.ParseToken(value)
	if err != nil {
		return "", &Error{fmt.Errorf("%s: %w", where, err), "put only the token there, exactly as Ona showed it"}
	}
	return token, nil
}

func (s *Settings) parseTokenExpiries() error {
	s.TokenExpiries = make(map[string]time.Time)
	entries, listed := s.entries()
	for i, entry := range entries {
		at, err := time.Parse(time.DateOnly, entry.TokenExpires)
		switch {
		case entry.TokenExpires == "" || !s.Shard.Has(entry.Name):
		case err == nil:
			s.TokenExpiries[entry.Name] = at
		case listed:
			err = fmt.Errorf("token_expires: %q is not a date", entry.TokenExpires)
			return s.wrongEntry("organizations", i, err, expiryHint)
		default:
			return s.wrong("token-expires", fmt.Errorf("%q is not a date", entry.TokenExpires), expiryHint)
		}
	}
	return nil
}
