package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// Others is what a shard knows of the other shards. The zero value is for a run of all sources.
type Others struct {
	// Sources are the names of the sources that they collect.
	Sources []string
	// Elsewhere has the last complete snapshot of each organization in their databases, by its id.
	Elsewhere map[string]Elsewhere
	// Unread says which of their databases could not be read, and why; empty if all were read.
	Unread string
}

// Elsewhere is the last complete snapshot of an organization in the database of another shard.
type Elsewhere struct {
	snapshot.Snapshot
	Database string // path
}

// String says where the history of the organization is.
func (e Elsewhere) String() string {
	return fmt.Sprintf("the database %s of another shard has its history up to %s", e.Database,
		e.TakenAt.UTC().Format(ona.DisplayTime))
}

// ReadOthers reads the databases of the other shards. It changes nothing in them.
func ReadOthers(ctx context.Context, sources, databases []string) Others {
	o := Others{Sources: sources, Elsewhere: make(map[string]Elsewhere)}
	var unread []string
	for _, path := range databases {
		if err := o.read(ctx, path); err != nil {
			unread = append(unread, err.Error())
		}
	}
	o.Unread = strings.Join(unread, "; ")
	return o
}

func (o *Others) read(ctx context.Context, path string) (err error) {
	store, err := snapshot.OpenReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	latest, err := store.LatestComplete(ctx, time.Time{})
	for _, s := range latest {
		if s.TakenAt.After(o.Elsewhere[s.OrganizationID].TakenAt) {
			o.Elsewhere[s.OrganizationID] = Elsewhere{s, path}
		}
	}
	return err
}

// pinned returns the last complete snapshot of a source in the databases of the other shards.
func (o *Others) pinned(source string) (last snapshot.Snapshot, found bool) {
	for _, id := range slices.Sorted(maps.Keys(o.Elsewhere)) {
		if e := o.Elsewhere[id]; e.Source == source && e.TakenAt.After(last.TakenAt) {
			last, found = e.Snapshot, true
		}
	}
	return last, found
}

// ErrOtherShard means that a database belongs to another shard.
var ErrOtherShard = errors.New("the database belongs to another shard")

// CheckShard returns ErrOtherShard if the last run in the database was that of another shard. The
// number of shards may change, the number of the shard of a database may not.
func CheckShard(ctx context.Context, store *snapshot.Store, shard string) error {
	runs, err := store.Runs(ctx, 0, 1)
	if err != nil || len(runs) == 0 || runs[0].Shard == "" {
		return err
	}
	last, _, _ := strings.Cut(runs[0].Shard, "/")
	index, _, _ := strings.Cut(shard, "/")
	if last == index {
		return nil
	}
	this := "has no --shard (--shard 0/1 is a single run on the database of shard 0)"
	if shard != "" {
		this = "is of shard " + shard
	}
	return fmt.Errorf("%w: its last run (%d, at %s) was of shard %s, and this one %s", ErrOtherShard, runs[0].ID,
		runs[0].StartedAt.UTC().Format(ona.DisplayTime), runs[0].Shard, this)
}

// noteElsewhere notes that this database begins a history of an organization that another shard's
// database has, or goes on with an older one.
func (t *task) noteElsewhere(ctx context.Context) error {
	e, found := t.Others.Elsewhere[t.header.OrganizationID]
	note := ""
	switch {
	case t.Shard == "":
	case found && !t.found:
		note = e.String() + "; this database begins a new one"
	case found && e.TakenAt.After(t.baseline.Snapshot.TakenAt):
		note = e.String() + ", newer than the snapshot in this database with which this one was compared"
	case !t.found && t.Others.Unread != "":
		note = "this database begins its history; whether the database of another shard has one is not known: " +
			t.Others.Unread
	}
	if note == "" {
		return nil
	}
	t.header.Notes = append(t.header.Notes, note)
	t.Logger.LogAttrs(ctx, slog.LevelWarn, "history_of_another_shard", slog.String("source", t.source.Name),
		slog.String("organization", t.header.OrganizationID), slog.String("note", note))
	return nil
}
