package snapshot

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// History goes through the snapshots of one organization, oldest first. At each snapshot it answers
// as Store did when the snapshot was taken, so that the work of that night can be done again.
type History struct {
	reader         *Reader
	register       *Register
	organizationID string
	key            int64
	snapshots      []Snapshot // those after at
	at             Snapshot
	// last is the last complete snapshot before at; lastMembers is the last one that could read
	// members, or whose settings did not ask for them.
	last, lastMembers Snapshot
	lastRead          map[string]Snapshot // the last one that could read a part, by its name
	failed            []failedFinding     // open, in the failed snapshots since last
	failedPruned      bool                // retention removed the findings of one of these
	approved          approvedContent     // of the last approved baseline that was compared
	tables            map[*versionTable]*timeline
	// held has the rows that were current before at.
	held   versions
	shown  expiries                   // of every snapshot
	seen   map[diff.Subject]beginning // configurations with an ended version
	bodies map[int64][]byte           // the responses of the last two snapshots, by their id
	used   map[int64][]byte
}

// timeline has the versions in one table.
type timeline struct {
	table   *versionTable
	pending []stretch // not yet current, by valid_from
	current []stretch // sorted by id
}

// stretch is a version with the first snapshot that does not show it, 0 if there is none.
type stretch struct {
	version
	validTo int64
}

// History returns the history of an organization. An empty id selects the failed snapshots whose
// organization is not known. Several histories of one Reader may be used at the same time.
func (r *Reader) History(ctx context.Context, register *Register, key int64, organizationID string) (*History, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &History{
		reader: r, register: register, organizationID: organizationID, key: key,
		tables: make(map[*versionTable]*timeline), lastRead: make(map[string]Snapshot),
	}
	where := "WHERE organization_id = ?1 ORDER BY id"
	if organizationID == "" {
		where = "WHERE organization_id IS NULL AND ?1 = '' ORDER BY id"
	}
	var err error
	if h.snapshots, err = querySnapshots(ctx, r.tx, where, organizationID); err != nil {
		return nil, err
	}
	for _, t := range slices.Concat(contentTables, recordTables) {
		pending, err := queryAll(ctx, r.tx, "reading "+t.name, readStretch,
			"SELECT valid_to, valid_from, NULL, row_sha256, "+t.columnsOf(true)+" FROM "+t.name+
				" WHERE organization_key = ? ORDER BY valid_from, id", key)
		if err != nil {
			return nil, err
		}
		h.tables[t] = &timeline{table: t, pending: pending}
	}
	if h.shown, err = readExpiries(ctx, r.tx, organizationID); err != nil {
		return nil, err
	}
	h.seen, err = firstSeen(ctx, r.tx, organizationID, math.MaxInt64)
	return h, err
}

func readStretch(r *reader) stretch {
	s := stretch{validTo: r.number()}
	s.version = readVersion(r)
	s.object = new(any)
	return s
}

// Next goes to the next snapshot and returns it. found is false after the last one.
func (h *History) Next(ctx context.Context) (at Snapshot, found bool, err error) {
	switch h.at.Outcome {
	case Failed:
		h.reader.mu.Lock()
		failed, err := openInFailed(ctx, h.reader.tx, h.organizationID, h.at.ID, h.at.ID)
		h.reader.mu.Unlock()
		if err != nil {
			return at, false, err
		}
		h.failed = append(h.failed, failed...)
		h.failedPruned = h.failedPruned || !h.at.PrunedAt.IsZero()
	case Complete:
		h.last, h.failed, h.failedPruned = h.at, nil, false
		if h.at.MembersNotAssessed == "" {
			h.lastMembers = h.at
		}
		for _, p := range h.at.Parts() {
			if p.NotAssessed == "" && !p.NotDue {
				h.lastRead[p.Name] = h.at
			}
		}
	}
	if len(h.snapshots) == 0 {
		return at, false, nil
	}
	h.at, h.snapshots = h.snapshots[0], h.snapshots[1:]
	h.bodies, h.used = h.used, make(map[int64][]byte)
	h.held = make(versions)
	for t, rows := range h.tables {
		rows.advance(h.at.ID - 1)
		h.held[t] = rows.versions()
		rows.advance(h.at.ID)
	}
	return h.at, true, nil
}

// advance makes the rows current that a snapshot shows.
func (t *timeline) advance(id int64) {
	ended := func(s stretch) bool { return s.validTo != 0 && s.validTo <= id }
	n := 0
	for n < len(t.pending) && t.pending[n].validFrom <= id {
		n++
	}
	begun := slices.DeleteFunc(t.pending[:n], ended)
	if t.pending = t.pending[n:]; len(begun) == 0 && !slices.ContainsFunc(t.current, ended) {
		return
	}
	slices.SortFunc(begun, func(a, b stretch) int { return strings.Compare(a.id(), b.id()) })
	current := make([]stretch, 0, len(t.current)+len(begun))
	for _, s := range t.current {
		for len(begun) > 0 && begun[0].id() < s.id() {
			current, begun = append(current, begun[0]), begun[1:]
		}
		if !ended(s) {
			current = append(current, s)
		}
	}
	t.current = append(current, begun...)
}

func (t *timeline) versions() []version {
	all := make([]version, len(t.current))
	for i, s := range t.current {
		all[i] = s.version
	}
	return all
}

// Baseline does what Store.Baseline does, as of the snapshot before.
func (h *History) Baseline(context.Context, string) (b Baseline, found bool, err error) {
	b = Baseline{Snapshot: h.last, read: map[string]Snapshot{PartMembers: h.lastMembers}}
	for _, c := range ComparedParts {
		b.read[c.Part] = h.lastRead[c.Part]
	}
	if h.last.ID == 0 {
		return Baseline{}, false, nil
	}
	return b, true, b.fill(h.held)
}

// BaselinePruned reports whether retention removed the rows of the snapshot's baseline.
func (h *History) BaselinePruned() bool { return !h.last.PrunedAt.IsZero() }

// AgesPruned reports whether retention removed rows that say since when findings have been open.
func (h *History) AgesPruned() bool { return h.failedPruned || h.BaselinePruned() }

// AuditLog does what Store.AuditLog does.
func (h *History) AuditLog(ctx context.Context) (*AuditLog, error) {
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	return readAuditLog(ctx, h.reader.tx, h.at.ID)
}

// Run returns the run of the snapshot, as it was recorded when it began.
func (h *History) Run() Run {
	run := Run{ID: h.at.RunID, StartedAt: h.at.TakenAt}
	i, found := slices.BinarySearchFunc(h.register.Runs, run.ID,
		func(r Run, id int64) int { return cmp.Compare(r.ID, id) })
	if found {
		run.ScheduledFor, run.Trigger = h.register.Runs[i].ScheduledFor, h.register.Runs[i].Trigger
	}
	return run
}

// Parts does what Store.Parts does.
func (h *History) Parts(_ context.Context, at Snapshot) ([]finding.Part, error) {
	parts := at.Parts()
	for i := range parts {
		if parts[i].NotAssessed != "" || at.Outcome == Failed {
			parts[i].LastRead = h.lastRead[parts[i].Name].TakenAt
		}
	}
	return parts, nil
}

// SeenBefore does what Store.SeenBefore does.
func (h *History) SeenBefore(context.Context, Snapshot) (func(diff.SubjectType, string) bool, error) {
	return func(t diff.SubjectType, id string) bool {
		first, found := h.seen[diff.Subject{Type: t, ID: id}]
		return found && first.snapshotID < h.at.ID
	}, nil
}

// ExpirySince does what Store.ExpirySince does.
func (h *History) ExpirySince(
	_ context.Context, _ string, takenAt time.Time,
) (func(*ona.SCIMConfiguration) finding.ExpirySince, error) {
	return func(c *ona.SCIMConfiguration) finding.ExpirySince { return h.shown.since(c, takenAt, h.at.ID) }, nil
}

// Exceptions returns the exceptions that the snapshot shows, in the order of their file.
func (h *History) Exceptions() ([]finding.Exception, error) {
	return readVersions(h.tables[exceptionVersions].versions(), func(r *reader) finding.Exception {
		_ = r.text() // the place in the file
		return readException(r)
	})
}

// Answer is an exchange with the bytes of its response.
type Answer struct {
	Exchange
	Body []byte
}

// withheldMethods are those whose responses are not stored if members are redacted.
var withheldMethods = []string{ona.ListMembers, ona.ListPersonalAccessTokens, ona.ListAuditLogs}

// Members returns what the snapshot shows of members and their tokens.
func (h *History) Members() (members []ona.OrganizationMember, tokens []ona.PersonalAccessToken, err error) {
	if h.at.shows(memberVersions) {
		members, err = readVersions(h.tables[memberVersions].versions(), readObject[ona.OrganizationMember])
	}
	if err == nil && h.at.shows(memberTokenVersions) {
		tokens, err = readVersions(h.tables[memberTokenVersions].versions(), readObject[ona.PersonalAccessToken])
	}
	return members, tokens, err
}

// Answers returns the exchanges of the snapshot. It fails with ErrPruned if retention removed the
// bytes of a response. The responses about redacted members are withheld.
func (h *History) Answers(ctx context.Context) ([]Answer, error) {
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	var ids []int64
	all, err := queryAll(ctx, h.reader.tx, "reading exchanges", func(r *reader) Answer {
		ids = append(ids, r.number())
		return Answer{Exchange: readExchange(r)}
	}, `SELECT a.id, x.number, x.method, x.request, x.status, x.sent_at, x.duration_us, x.server_date, x.records,
		  x.retries, a.sha256, a.size
		FROM exchanges x
		JOIN responses a ON a.sha256 = x.response_sha256
		WHERE x.snapshot_id = ?
		ORDER BY x.number`, h.at.ID)
	for i, id := range ids {
		all[i].ResponseWithheld = h.at.MembersSetting == MembersRedacted && slices.Contains(withheldMethods, all[i].Method)
		if err == nil && !all[i].ResponseWithheld {
			all[i].Body, err = h.body(ctx, id, all[i].ResponseSize)
		}
	}
	return all, err
}

// body returns the bytes of a response, at most one more than its stored size.
func (h *History) body(ctx context.Context, id, size int64) ([]byte, error) {
	body, found := h.used[id]
	if !found {
		body, found = h.bodies[id]
	}
	if !found {
		compressed, _, err := first(queryAll(ctx, h.reader.tx, "reading a response", func(r *reader) []byte {
			stored, _ := r.value().([]byte)
			return slices.Clone(stored)
		}, "SELECT body FROM responses WHERE id = ?", id))
		if err != nil {
			return nil, err
		}
		if compressed == nil {
			return nil, fmt.Errorf("the bytes of response %d: %w", id, ErrPruned)
		}
		if body, err = decompress(compressed, size); err != nil {
			return nil, fmt.Errorf("decompressing response %d: %w", id, err)
		}
	}
	h.used[id] = body
	return body, nil
}

func decompress(compressed []byte, size int64) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, size+1))
}
