package snapshot

import "fmt"

// asCounted is the error for as many configurations of a snapshot as its header does not say: what is compared with them would seem to be added
// or removed.
func asCounted(snapshotID int64, noun string, there, counted int) error {
	if there == counted {
		return nil
	}
	return fmt.Errorf("%d %s configurations of snapshot %d are there, its header says %d: %w", there, noun, snapshotID, counted, ErrDamaged)
}
