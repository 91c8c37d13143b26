package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"scim-auditor/internal/fetch"
)

// People paste a token, a password or a webhook's URL where a key such as token_env or url_file
// asks for the place of it. So an error shows the value of such a key only if it looks like a
// place.

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	shownName    = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)
)

// maxShownPath is the length from which a relative path may be a secret.
const maxShownPath = 20

// checkVariable refuses the value of a key such as token_env that cannot name a variable.
func checkVariable(key, name string) error {
	if name == "" || variableName.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%s needs the name of an environment variable, not the secret itself; its value is not shown", key)
}

// fromVariable returns the value of the environment variable that key names.
func (s *Settings) fromVariable(key, name string) (string, error) {
	if err := checkVariable(key, name); err != nil {
		return "", err
	}
	value := s.getenv(name)
	switch {
	case quoted(value):
		return "", fmt.Errorf("the environment variable that %s names has a value in quotes, as some readers of env files "+
			"keep them: remove the quotes", key)
	case value != "":
		return value, nil
	case shownName.MatchString(name):
		return "", fmt.Errorf("environment variable %s, which %s names, is not set", name, key)
	}
	return "", fmt.Errorf("the environment variable that %s names is not set; its name is not shown, because it may be "+
		"the secret itself", key)
}

// fromFile returns the text of the file that key names.
func fromFile(key, path string) (string, error) {
	file, err := readFile(path)
	if err == nil {
		return string(file.content), nil
	}
	shown := filepath.IsAbs(path) || len(path) < maxShownPath && filepath.Ext(path) != "" && !strings.Contains(path, "://")
	if failed, ok := errors.AsType[*fs.PathError](err); ok && !shown {
		err = fmt.Errorf("%w; its name is not shown, because it may be the secret itself", failed.Err)
	}
	return "", fmt.Errorf("reading the file that %s names: %w", key, err)
}

// proxyVariables are the variables from which net/http takes a proxy for an https URL.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}

// checkProxies refuses a proxy that is no URL. Errors of net/http would show its password.
func (s *Settings) checkProxies() error {
	for _, name := range proxyVariables {
		if value := s.getenv(name); value != "" {
			if err := fetch.CheckProxy(value); err != nil {
				return &Error{fmt.Errorf("environment variable %s: %w", name, err), "correct " + name + ", or unset it"}
			}
		}
	}
	return nil
}
