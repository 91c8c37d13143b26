package job

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// Pins says to which organization each source of a run must belong, so that the token of another
// organization does not begin a new history unnoticed.
type Pins struct {
	// Left has the last complete snapshot of each organization that no source collects any more.
	// Moved has those whose source another shard collects.
	Left, Moved []snapshot.Snapshot

	bySource map[string]snapshot.Snapshot
	refused  map[string]error
	// newestRun is the last run with a complete snapshot.
	newestRun int64
}

// ReadPins finds the organization of each source: the one that the operator named, otherwise the
// one in the last complete snapshot of the source's label. A label without one may be a renamed
// label. So if an organization is left, ReadPins asks the API to whom the tokens of such labels
// belong. A source that has its history in the database of another shard belongs to the
// organization there.
func ReadPins(
	ctx context.Context, store *snapshot.Store, sources []fetch.Source, others Others, concurrency int,
) (*Pins, error) {
	p := &Pins{bySource: map[string]snapshot.Snapshot{}, refused: map[string]error{}}
	stored := context.WithoutCancel(ctx)
	collected := map[string]string{} // organization id → label
	var added []fetch.Source
	for _, source := range sources {
		id := source.Fetch.OrganizationID
		if id == "" {
			last, found, err := store.Pinned(stored, source.Name, 0)
			if err != nil {
				return nil, err
			}
			if !found {
				last, found = others.pinned(source.Name)
			}
			if !found {
				added = append(added, source)
				continue
			}
			id, p.bySource[source.Name] = last.OrganizationID, last
		}
		collected[id] = source.Name
	}
	latest, err := store.LatestComplete(stored, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, s := range latest {
		p.newestRun = max(p.newestRun, s.RunID)
	}
	for _, s := range latest {
		switch {
		case collected[s.OrganizationID] != "":
		case slices.Contains(others.Sources, s.Source):
			p.Moved = append(p.Moved, s)
		default:
			p.Left = append(p.Left, s)
		}
	}
	if len(p.Left) > 0 {
		p.pinAdded(ctx, added, collected, concurrency)
	}
	return p, nil
}

// pinAdded pins the labels without a complete snapshot to the organizations that are left, and
// refuses the others as long as one is left.
func (p *Pins) pinAdded(
	ctx context.Context, added []fetch.Source, collected map[string]string, concurrency int,
) {
	ids := make([]string, len(added))
	var group errgroup.Group
	group.SetLimit(max(concurrency, 1))
	errs := make([]error, len(added))
	for i, source := range added {
		group.Go(func() error {
			ids[i], errs[i] = tokenOrganization(ctx, source)
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
	var unknown []int
	for i, source := range added {
		at := slices.IndexFunc(p.Left, func(s snapshot.Snapshot) bool { return s.OrganizationID == ids[i] })
		switch {
		case errs[i] != nil:
			p.refused[source.Name] = errs[i]
		case at >= 0:
			p.bySource[source.Name] = p.Left[at]
			p.Left = slices.Delete(p.Left, at, at+1)
			collected[ids[i]] = source.Name
		case collected[ids[i]] != "":
			p.refused[source.Name] = duplicate(ids[i], collected[ids[i]])
		default:
			unknown = append(unknown, i)
		}
	}
	for _, i := range unknown {
		if len(p.Left) > 0 {
			p.refused[added[i].Name] = &fetch.Error{
				Code: fetch.CodeOrganizationMismatch, Method: ona.GetAuthenticatedIdentity, Err: fmt.Errorf(
					"the token belongs to organization %s, which has no complete snapshot yet, and the label %q is new, while %s: "+
						"if the label was renamed, this is the token of another organization", ids[i], added[i].Name, p.left()),
			}
		}
	}
}

func tokenOrganization(ctx context.Context, source fetch.Source) (string, error) {
	if source.Err != nil {
		return "", &fetch.Error{Code: fetch.CodeNoToken, Err: source.Err}
	}
	client, err := fetch.New(source.Fetch)
	if err != nil {
		return "", err
	}
	identity, err := client.Identity(ctx)
	return identity.OrganizationID, err
}

func duplicate(organizationID, source string) error {
	return &fetch.Error{Code: fetch.CodeDuplicateOrganization, Err: fmt.Errorf(
		"its token belongs to organization %s, which %q of this run collects already", organizationID, source)}
}

// Of returns the snapshot that pins a source to its organization; the zero Snapshot if the operator
// names the organization, or if the source may belong to any.
func (p *Pins) Of(source string) (snapshot.Snapshot, error) {
	return p.bySource[source], p.refused[source]
}

// maxLeft is how many organizations left names.
const maxLeft = 5

// left says which organizations are no longer collected; empty if there are none.
func (p *Pins) left() string {
	var names []string
	for _, s := range p.Left[:min(len(p.Left), maxLeft)] {
		names = append(names, LeftText(s))
	}
	if more := len(p.Left) - maxLeft; more > 0 {
		names = append(names, fmt.Sprintf("%d more organizations are no longer collected", more))
	}
	return strings.Join(names, ", ")
}

// LeftText says that an organization is no longer collected.
func LeftText(s snapshot.Snapshot) string {
	return fmt.Sprintf("organization %s %q, last collected as %q at %s, is no longer collected",
		s.OrganizationID, s.OrganizationName, s.Source, s.TakenAt.UTC().Format(ona.DisplayTime))
}

// warnLeft logs the organizations that the last run collected and this one does not. The reports
// name those of all earlier runs.
func (n *night) warnLeft(ctx context.Context) {
	for _, s := range n.pins.Left {
		if s.RunID == n.pins.newestRun {
			n.Logger.LogAttrs(ctx, slog.LevelWarn, "organization_no_longer_collected", slog.String("source", s.Source),
				slog.String("organization", s.OrganizationID), slog.String("organization_name", s.OrganizationName),
				slog.String("do", "if the source was removed by mistake, add it to the settings again"))
		}
	}
}

// pin sets the organization that the token must belong to. The notes of the first source name the
// organizations that are no longer collected.
func (t *task) pin(ctx context.Context) error {
	t.options = t.source.Fetch
	if left := t.pins.left(); left != "" && t.source.Name == t.Sources[0].Name {
		t.header.Notes = append(t.header.Notes, left)
	}
	if t.earlierReport != "" && t.run.ID == 1 && t.source.Name == t.Sources[0].Name {
		t.header.Notes = append(t.header.Notes, "the database was created with --new-database, although the report folder had "+
			"the report "+t.earlierReport+" of an earlier run: nothing is compared with the runs before")
	}
	last, err := t.pins.Of(t.source.Name)
	if t.options.OrganizationID == "" {
		t.options.OrganizationID, t.header.OrganizationName = last.OrganizationID, last.OrganizationName
	}
	t.header.OrganizationID = t.options.OrganizationID
	if err == nil {
		err = ctx.Err() // after the end of the run, no request begins
	}
	return err
}

// noteRenamed notes that the organization was collected under another label before.
func (t *task) noteRenamed(ctx context.Context) error {
	before := t.baseline.Snapshot
	if !t.found || before.Source == t.source.Name {
		return nil
	}
	t.header.Notes = append(t.header.Notes, fmt.Sprintf("the organization was collected as %q up to snapshot %d at %s; "+
		"its history goes on as %q", before.Source, before.ID, before.TakenAt.UTC().Format(ona.DisplayTime), t.source.Name))
	t.Logger.LogAttrs(ctx, slog.LevelWarn, "source_renamed", slog.String("source", t.source.Name),
		slog.String("before", before.Source), slog.String("organization", before.OrganizationID))
	return nil
}
