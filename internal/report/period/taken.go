package period

import (
	"reflect"
	"time"

	"scim-auditor/internal/snapshot"
)

// taken is a snapshot as the report of a period uses it. A year of a thousand organizations has
// 365,000 snapshots, and nearly all say the same as the one of the night before: those share what
// they say.
type taken struct {
	*snapshot.Snapshot // what it says; the fields below replace those of the same name
	ID, RunID          int64
	BaselineID         int64 // 0 if it has none, as in Snapshot
	TakenAt            time.Time
	ChainSHA256        string // empty if the report does not list the snapshot
}

// newTaken returns a snapshot. It shares what last says, which may be nil, if that is the same.
func newTaken(s snapshot.Snapshot, last *taken) *taken {
	t := &taken{&s, s.ID, s.RunID, s.BaselineID, s.TakenAt, s.ChainSHA256}
	// The report does not show these.
	s.RecordsSHA256, s.LedgerNumber, s.Retries, s.ServerClockOffset, s.ServerClockKnown = "", 0, 0, 0, false
	s.ID, s.RunID, s.TakenAt, s.ChainSHA256 = 0, 0, time.Time{}, ""
	if last != nil && (s.BaselineID == 0) == (last.Snapshot.BaselineID == 0) {
		s.BaselineID = last.Snapshot.BaselineID
		if reflect.DeepEqual(&s, last.Snapshot) {
			t.Snapshot = last.Snapshot
		}
	}
	return t
}

// header returns the snapshot for the store.
func (t *taken) header() snapshot.Snapshot {
	s := *t.Snapshot
	s.ID, s.RunID, s.BaselineID, s.TakenAt, s.ChainSHA256 = t.ID, t.RunID, t.BaselineID, t.TakenAt, t.ChainSHA256
	return s
}

func allTaken(snapshots []snapshot.Snapshot) (all []*taken) {
	for _, s := range snapshots {
		all = append(all, newTaken(s, nil))
	}
	return all
}

// forgetHashes removes the hashes that the report of a fleet does not show: most of what the
// snapshots do not share.
func (o *organization) forgetHashes() {
	for _, s := range o.snapshots[:len(o.snapshots)-1] { // the manifest has the last one
		if !o.needsAttention(s) {
			s.ChainSHA256 = ""
		}
	}
}
