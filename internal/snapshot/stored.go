package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"scim-auditor/internal/ona"
)

// mostInMemory is how many configurations a list that is read from the database may hold in memory; a longer one is read anew each time that
// somebody goes through it.
const mostInMemory = 20_000

// scimCompared is scimKind without the JSON, which nothing is compared by, and which takes half the time of reading.
var scimCompared = func() kind[ona.SCIMConfiguration] {
	k := scimKind
	k.reads = slices.Clone(k.reads)
	k.reads[k.raw] = "''"
	return k
}()

// baselineSCIM is the SCIM configurations of a baseline.
func (s *Store) baselineSCIM(ctx context.Context, h Snapshot) func(organizationKey int64) (ona.List[ona.SCIMConfiguration], error) {
	return func(organizationKey int64) (ona.List[ona.SCIMConfiguration], error) {
		if h.SCIMConfigurations > mostInMemory {
			return &storedList{ctx: ctx, store: s, organizationKey: organizationKey, snapshot: h}, nil
		}
		return s.readSCIM(ctx, h, organizationKey)
	}
}

// storedList is a list that stays in the database. While somebody goes through it the store can do nothing else.
type storedList struct {
	ctx             context.Context // the list is of use no longer than the call that asked for it
	store           *Store
	organizationKey int64
	snapshot        Snapshot
	err             error
}

// Len is the number of configurations.
func (l *storedList) Len() int { return l.snapshot.SCIMConfigurations }

// All reads the configurations from the database, without Raw.
func (l *storedList) All() iter.Seq[*ona.SCIMConfiguration] {
	return func(yield func(*ona.SCIMConfiguration) bool) {
		n := 0
		for v, err := range scimCompared.eachAsOf(l.ctx, l.store.db, l.organizationKey, l.snapshot.ID) {
			if err != nil {
				l.err = cmp.Or(l.err, err)
				return
			}
			if n++; !yield(&v.value) {
				return
			}
		}
		l.err = cmp.Or(l.err, asCounted(l.snapshot.ID, "SCIM", n, l.Len()))
	}
}

// asCounted is the error for as many configurations of a snapshot as its header does not say: what is compared with them would seem to be added
// or removed.
func asCounted(snapshotID int64, noun string, there, counted int) error {
	if there == counted {
		return nil
	}
	return fmt.Errorf("%d %s configurations of snapshot %d are there, its header says %d: %w", there, noun, snapshotID, counted, ErrDamaged)
}

// Err is the first error that All met.
func (l *storedList) Err() error { return l.err }
