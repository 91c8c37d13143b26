package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"scim-auditor/internal/finding"
)

const defaultExceptions = "exceptions.yaml"

// exceptionEntry is one exception of the exceptions file, which is a list of them.
type exceptionEntry struct {
	Rule         string `yaml:"rule"`
	Subject      string `yaml:"subject,omitempty"`
	Organization string `yaml:"organization,omitempty"`
	Owner        string `yaml:"owner"`
	Reason       string `yaml:"reason"`
	Ticket       string `yaml:"ticket,omitempty"`
	Expires      string `yaml:"expires"`
}

// exceptionsPath is the exceptions file in use.
func (s *settings) exceptionsPath() string {
	if s.exceptionsFile == "" {
		return defaultExceptions
	}
	return s.exceptionsFile
}

// exceptions reads the exceptions file. One that is not named need not be there; one that is broken is a wrong setting.
func (s *settings) exceptions() ([]finding.Exception, error) {
	content, err := os.ReadFile(s.exceptionsPath())
	if errors.Is(err, os.ErrNotExist) && s.exceptionsFile == "" {
		return nil, nil
	}
	if err != nil {
		return nil, usage(fmt.Errorf("reading the exceptions file: %w", err), "name an existing file with --exceptions-file")
	}
	_, exceptions, err := parseExceptions(s.exceptionsPath(), content)
	if err != nil {
		return nil, usage(fmt.Errorf("exceptions file %w", err), "docs/rules.md shows the form; nothing was collected")
	}
	return exceptions, nil
}

func parseExceptions(path string, content []byte) (*yamlFile, []finding.Exception, error) {
	var entries []exceptionEntry
	file, err := readYAML(path, content, &entries)
	if err != nil {
		return nil, nil, err
	}
	all := make([]finding.Exception, len(entries))
	for i, e := range entries {
		key, err := "", error(nil)
		if all[i], key, err = e.exception(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file.where(fmt.Sprintf("$[%d].%s", i, key), fmt.Sprintf("$[%d]", i)), err)
		}
	}
	return file, all, nil
}

// exception checks an entry. With an error, key is the entry's key that is at fault.
func (e exceptionEntry) exception() (x finding.Exception, key string, err error) {
	x = finding.Exception{
		RuleID: e.Rule, SubjectID: lowerUUID(e.Subject), OrganizationID: lowerUUID(e.Organization),
		Owner: strings.TrimSpace(e.Owner), Reason: strings.TrimSpace(e.Reason), Ticket: strings.TrimSpace(e.Ticket),
	}
	switch {
	case !ruleExists(x.RuleID):
		return x, "rule", fmt.Errorf("rule %q; expected one of %s", e.Rule, ruleIDs())
	case !finding.CanBeExcepted(x.RuleID):
		return x, "rule", fmt.Errorf("rule %s cannot be accepted: a run that is not complete says nothing; expected another rule", e.Rule)
	case x.SubjectID == "" && x.OrganizationID == "":
		return x, "subject", errors.New("neither subject nor organization; expected the id of the one that is accepted, or of the organization")
	case x.Owner == "":
		return x, "owner", errors.New("no owner; expected who accepts it")
	case x.Reason == "":
		return x, "reason", errors.New("no reason; expected why it is accepted")
	}
	if x.Expires, err = time.Parse(time.DateOnly, e.Expires); err != nil {
		return x, "expires", fmt.Errorf("expires %q; expected the last day on which it holds, in UTC, such as 2026-12-31", e.Expires)
	}
	return x, "", nil
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// lowerUUID spells an id as the database does.
func lowerUUID(id string) string {
	id = strings.TrimSpace(id)
	if uuid.MatchString(id) {
		return strings.ToLower(id)
	}
	return id
}
