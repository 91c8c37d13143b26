package diff

import (
	"cmp"
	"slices"

	"scim-auditor/internal/ona"
)

// Options are what Compute must know beside the two inventories.
type Options struct {
	// Seen says whether a snapshot older than the baseline has the configuration, which makes it Reappeared and not Added; nil: none has.
	Seen func(t SubjectType, id string) bool
}

// Compute says what changed between two complete inventories of one organization: SCIM configurations, then SSO configurations, then the
// organization; within each by id; within a subject by the precedence of its kinds. It panics when an inventory is not sorted as ona.Inventory
// promises.
//
// What either inventory could not read (SSONotAssessed, Policies) takes no part: nothing is said to have been added, removed or changed in
// it. A field that a newer server reports for the first time, or that no configuration has any longer, is one change of the organization,
// not one of each configuration.
func Compute(before, after ona.Inventory, opts Options) []Change {
	moved := replacements{}
	scim, scimSummaries := compare(scimConfigurations, before.SCIM, after.SCIM, opts, moved.see)
	labelLinks(scim, before, after)
	moved.note(scim)

	var sso, ssoSummaries []Change
	if before.SSONotAssessed == "" && after.SSONotAssessed == "" {
		sso, ssoSummaries = compare(ssoConfigurations, before.SSO, after.SSO, opts, nil)
		noteLinks(sso, before.SCIM, after.SCIM)
	}

	organization := compareOrganization(before, after, slices.Concat(scimSummaries, ssoSummaries))
	changes := slices.Concat(scim, sso, organization)
	for i := range changes {
		c := &changes[i]
		c.Severity = cmp.Or(c.Severity, severity(c.SubjectType, c.Kind))
	}
	return changes
}

// configurations is what the comparison knows about one type of configuration.
type configurations[T any] struct {
	schema[T]
	subject SubjectType
	plural  string
	id      func(*T) string
	// name is what a person calls the configuration.
	name      func(*T) string
	canonical func(*T) string
}

// compare returns the changes of the configurations, and those of the organization that stand for a field of all of them. lone is shown each
// configuration that is on one side only, with the place of its change; nil when nobody wants to know.
func compare[T any](t configurations[T], before, after []T, opts Options, lone func(place int, k Kind, c *T)) (rows, summaries []Change) {
	summaries, summarised := t.summarise(before, after)
	add := func(row Change, c *T) {
		if lone != nil {
			lone(len(rows), row.Kind, c)
		}
		rows = append(rows, row)
	}
	for b, a := range pairs(before, after, t.id) {
		switch {
		case b == nil:
			add(t.appeared(a, opts), a)
		case a == nil:
			add(t.removed(b), b)
		default:
			rows = append(rows, t.changed(b, a, summarised)...)
		}
	}
	return rows, summaries
}

func (t configurations[T]) appeared(c *T, opts Options) Change {
	row := t.row(c)
	row.Kind, row.After = Added, t.canonical(c)
	if opts.Seen != nil && opts.Seen(t.subject, row.SubjectID) {
		row.Kind = Reappeared
	}
	return row
}

func (t configurations[T]) removed(c *T) Change {
	row := t.row(c)
	row.Kind, row.Before = Removed, t.canonical(c)
	return row
}

func (t configurations[T]) changed(before, after *T, summarised map[string]bool) []Change {
	rows := t.differences(before, after, summarised)
	if len(rows) == 0 {
		return nil
	}
	subject := t.row(after)
	for i := range rows {
		rows[i].SubjectType, rows[i].SubjectID, rows[i].SubjectName = subject.SubjectType, subject.SubjectID, subject.SubjectName
	}
	sortByPrecedence(rows)
	return withoutIdleUpdatedAt(rows)
}

// row is a change of the configuration with nothing but the subject filled in.
func (t configurations[T]) row(c *T) Change {
	return Change{SubjectType: t.subject, SubjectID: t.id(c), SubjectName: t.name(c)}
}
