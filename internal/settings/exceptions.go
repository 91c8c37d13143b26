package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

const defaultExceptionsFile = "exceptions.yaml"

// Exception is an entry in the list of the exceptions file.
type Exception struct {
	Rule         string `yaml:"rule"`
	Subject      string `yaml:"subject,omitempty"`
	Organization string `yaml:"organization,omitempty"`
	Owner        string `yaml:"owner"`
	Reason       string `yaml:"reason"`
	Ticket       string `yaml:"ticket,omitempty"`
	Expires      string `yaml:"expires"`
}

// ExceptionsOrigin returns what names the exceptions file: a flag, a variable or the config file.
// It is empty if the file has its default name.
func (s *Settings) ExceptionsOrigin() string {
	if !s.exceptionsNamed {
		return ""
	}
	_, origin := s.given("exceptions-file")
	return cmp.Or(origin, "the config file "+s.file.path)
}

// Exceptions reads the exceptions file. The file may be missing if the settings do not name one.
func (s *Settings) Exceptions() ([]finding.Exception, error) {
	file, err := readFile(s.ExceptionsFile)
	if errors.Is(err, os.ErrNotExist) && !s.exceptionsNamed {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{fmt.Errorf("reading the exceptions file: %w", err),
			"name an existing file with --exceptions-file"}
	}
	_, exceptions, err := parseExceptions(s.ExceptionsFile, file.content)
	if err != nil {
		return nil, &Error{fmt.Errorf("exceptions file %w", err), "nothing was collected; docs/rules.md shows the format"}
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

// parse validates an entry. If it returns an error, key names the invalid field of the entry.
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
		return x, "rule", fmt.Errorf("rule %s cannot be accepted, because an incomplete run proves nothing; "+
			"expected another rule", e.Rule)
	case x.SubjectID == "" && x.OrganizationID == "":
		return x, "subject", errors.New("neither subject nor organization; expected the id of the accepted subject, " +
			"or of the organization")
	case x.Owner == "":
		return x, "owner", errors.New("no owner; expected who accepts the risk")
	case x.Reason == "":
		return x, "reason", errors.New("no reason; expected why the risk is accepted")
	}
	if x.Expires, err = time.Parse(time.DateOnly, e.Expires); err != nil {
		return x, "expires", fmt.Errorf("expires %q; expected the last day on which it is valid, in UTC, such as 2026-12-31",
			e.Expires)
	}
	return x, "", nil
}

const exceptionsHead = "# Accepted findings, each until a date. See docs/rules.md of auditor for the format.\n"

// AppendException returns the text of an exceptions file with e appended, and e as an
// exception. The new entry has the indentation of the others; comments and layout stay. Now is
// the time at which e must still be valid. The result is parsed again, and must have the old
// entries and the new one.
func AppendException(path string, before []byte, e Exception, now time.Time) ([]byte, finding.Exception, error) {
	x, _, err := e.parse()
	if err != nil {
		return nil, x, &Error{err, "\"auditor except --help\" shows an example, \"auditor rules\" lists the rules"}
	}
	if !x.InForce(now) {
		err := fmt.Errorf("the exception has expired: its last day is %s, and today is %s",
			e.Expires, now.Format(time.DateOnly))
		return nil, x, &Error{err, "set a later day with --expires"}
	}
	after, err := appendEntry(path, before, e, x)
	if err != nil {
		return nil, x, &Error{fmt.Errorf("exceptions file %w", err), "the file was not changed"}
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
	tree, err := parser.ParseBytes(file.content, 0)
	if err != nil {
		return nil, err
	}
	indent := ""
	if list, ok := tree.Docs[0].Body.(*ast.SequenceNode); ok && list.Start != nil {
		indent = strings.Repeat(" ", list.Start.Position.Column-1)
	}
	for line := range strings.Lines(string(entry)) {
		after = append(after, indent+line...)
	}
	_, all, err := parseExceptions(path, after)
	if err != nil || len(all) != len(known)+1 || all[len(all)-1] != x {
		return nil, fmt.Errorf("%s: cannot append to this layout; expected a list with a \"-\" before each entry. "+
			"Add this entry by hand:\n%s", path, entry)
	}
	return after, nil
}
