package settings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

const defaultExceptionsFile = "exceptions.yaml"

// Exception is an entry of the exceptions file, which is a list of them.
type Exception struct {
	Rule         string `yaml:"rule"`
	Subject      string `yaml:"subject,omitempty"`
	Organization string `yaml:"organization,omitempty"`
	Owner        string `yaml:"owner"`
	Reason       string `yaml:"reason"`
	Ticket       string `yaml:"ticket,omitempty"`
	Expires      string `yaml:"expires"`
}

// Exceptions reads the exceptions file. Where the settings do not name one, it may be missing.
func (s *Settings) Exceptions() ([]finding.Exception, error) {
	content, err := os.ReadFile(s.ExceptionsFile)
	if errors.Is(err, os.ErrNotExist) && !s.exceptionsNamed {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{fmt.Errorf("reading the exceptions file: %w", err),
			"name an existing file with --exceptions-file"}
	}
	_, exceptions, err := parseExceptions(s.ExceptionsFile, content)
	if err != nil {
		return nil, &Error{fmt.Errorf("exceptions file %w", err), "docs/rules.md shows the form; nothing was collected"}
	}
	return exceptions, nil
}

func parseExceptions(path string, content []byte) (*yamlFile, []finding.Exception, error) {
	var entries []Exception
	file, err := readYAML(path, content, &entries)
	if err != nil {
		return nil, nil, err
	}
	all := make([]finding.Exception, len(entries))
	for i, e := range entries {
		var key string
		if all[i], key, err = e.parse(); err != nil {
			where := file.where(fmt.Sprintf("$[%d].%s", i, key), fmt.Sprintf("$[%d]", i))
			return nil, nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	return file, all, nil
}

// parse validates an entry. With an error, key is the entry's key that is wrong.
func (e Exception) parse() (x finding.Exception, key string, err error) {
	x = finding.Exception{
		RuleID: e.Rule, Owner: strings.TrimSpace(e.Owner), Reason: strings.TrimSpace(e.Reason),
		Ticket: strings.TrimSpace(e.Ticket),
	}
	if x.SubjectID, err = ona.ParseID(strings.TrimSpace(e.Subject)); err != nil {
		return x, "subject", err
	}
	if x.OrganizationID, err = ona.ParseID(strings.TrimSpace(e.Organization)); err != nil {
		return x, "organization", err
	}
	switch {
	case !slices.Contains(ruleIDs(), x.RuleID):
		return x, "rule", fmt.Errorf("rule %q; expected one of %s", e.Rule, strings.Join(ruleIDs(), ", "))
	case !finding.CanBeExcepted(x.RuleID):
		return x, "rule", fmt.Errorf("rule %s cannot be accepted: a run that is not complete says nothing; "+
			"expected another rule", e.Rule)
	case x.SubjectID == "" && x.OrganizationID == "":
		return x, "subject", errors.New("neither subject nor organization; expected the id of the one that is accepted, " +
			"or of the organization")
	case x.Owner == "":
		return x, "owner", errors.New("no owner; expected who accepts it")
	case x.Reason == "":
		return x, "reason", errors.New("no reason; expected why it is accepted")
	}
	if x.Expires, err = time.Parse(time.DateOnly, e.Expires); err != nil {
		return x, "expires", fmt.Errorf("expires %q; expected the last day on which it holds, in UTC, such as 2026-12-31",
			e.Expires)
	}
	return x, "", nil
}

const exceptionsHead = "# Findings that somebody has accepted for a time; docs/rules.md of auditor shows the form.\n"

// AppendException returns the text of an exceptions file with an entry at its end, in the indentation of the entries
// before it, and the exception that the entry means at the instant now. Comments and form stay. The result is parsed
// again: it must hold what was there and the new entry.
func AppendException(path string, before []byte, e Exception, now time.Time) ([]byte, finding.Exception, error) {
	x, _, err := e.parse()
	if err != nil {
		return nil, x, &Error{err, "auditor except --help shows an example, auditor rules lists the rules"}
	}
	if !x.InForce(now) {
		err := fmt.Errorf("it expires with %s, and it is %s", e.Expires, now.Format(time.DateOnly))
		return nil, x, &Error{err, "name a later day with --expires"}
	}
	after, err := appendEntry(path, before, e, x)
	if err != nil {
		return nil, x, &Error{fmt.Errorf("exceptions file %w", err), "the file was left as it is"}
	}
	return after, x, nil
}

func appendEntry(path string, before []byte, e Exception, x finding.Exception) ([]byte, error) {
	file, known, err := parseExceptions(path, before)
	if err != nil {
		return nil, err
	}
	entry, err := yaml.Marshal([]Exception{e})
	if err != nil {
		return nil, fmt.Errorf("%s: writing the exception as YAML: %w", path, err)
	}
	after := bytes.Clone(before)
	if len(before) == 0 {
		after = []byte(exceptionsHead)
	} else if !bytes.HasSuffix(before, []byte("\n")) {
		after = append(after, '\n')
	}
	indent := ""
	if len(known) > 0 {
		indent = file.indent()
	}
	for line := range strings.Lines(string(entry)) {
		after = append(after, indent+line...)
	}
	_, all, err := parseExceptions(path, after)
	if err != nil || len(all) != len(known)+1 || all[len(all)-1] != x {
		return nil, fmt.Errorf("%s: an entry cannot be appended to its form; expected a list with a \"-\" in front of each "+
			"entry, to which this can be added by hand:\n%s", path, entry)
	}
	return after, nil
}
