package diff

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// pairs walks two slices in lockstep and yields every id of either once, in order, with nil for the side that lacks it. Both slices are
// sorted by id and hold each id once; no index of either is built, so that memory does not grow with the inventory.
func pairs[T any](before, after []T, id func(*T) string) iter.Seq2[*T, *T] {
	return func(yield func(before, after *T) bool) {
		for len(before) > 0 || len(after) > 0 {
			var b, a *T
			order := headOrder(before, after, id)
			if order <= 0 {
				b, before = &before[0], before[1:]
			}
			if order >= 0 {
				a, after = &after[0], after[1:]
			}
			if !yield(b, a) {
				return
			}
		}
	}
}

// mustAscend panics unless the slice is sorted by id and holds each id once: walked in lockstep, any other would show removals that never
// were.
func mustAscend[T any](configurations []T, id func(*T) string) {
	for i := 1; i < len(configurations); i++ {
		if last, next := id(&configurations[i-1]), id(&configurations[i]); last >= next {
			panic(fmt.Sprintf("diff: inventory not sorted by id: %q before %q", last, next))
		}
	}
}

// headOrder is negative when the next id is only in before, positive when it is only in after, zero when both have it.
func headOrder[T any](before, after []T, id func(*T) string) int {
	switch {
	case len(after) == 0:
		return -1
	case len(before) == 0:
		return 1
	default:
		return strings.Compare(id(&before[0]), id(&after[0]))
	}
}

// find returns the configuration with that id, nil if there is none.
func find[T any](sorted []T, id func(*T) string, want string) *T {
	i, found := slices.BinarySearchFunc(sorted, want, func(c T, want string) int { return strings.Compare(id(&c), want) })
	if !found {
		return nil
	}
	return &sorted[i]
}
