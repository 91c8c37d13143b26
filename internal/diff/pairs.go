package diff

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// pairs walks two lists in lockstep and yields every id of either once, in order, with nil for the side that lacks it. No index of either is
// built, so that memory does not grow with the inventory. It panics when a list is not sorted by id or holds an id twice: walked in lockstep,
// such a one would show removals that never were.
func pairs[T any](before, after []T, id func(*T) string) iter.Seq2[*T, *T] {
	return func(yield func(before, after *T) bool) {
		nextBefore, stopBefore := iter.Pull(ascending(before, id))
		defer stopBefore()
		nextAfter, stopAfter := iter.Pull(ascending(after, id))
		defer stopAfter()
		b, _ := nextBefore()
		a, _ := nextAfter()
		for b != nil || a != nil {
			switch order := headOrder(b, a, id); {
			case order < 0:
				if !yield(b, nil) {
					return
				}
				b, _ = nextBefore()
			case order > 0:
				if !yield(nil, a) {
					return
				}
				a, _ = nextAfter()
			default:
				if !yield(b, a) {
					return
				}
				b, _ = nextBefore()
				a, _ = nextAfter()
			}
		}
	}
}

// ascending is a list that panics at the first id that is not above the one before.
func ascending[T any](l []T, id func(*T) string) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		last := ""
		for i := range l {
			c := &l[i]
			if next := id(c); last >= next && last != "" {
				panic(fmt.Sprintf("diff: inventory not sorted by id: %q before %q", last, next))
			}
			last = id(c)
			if !yield(c) {
				return
			}
		}
	}
}

// headOrder is negative when the next id is only in before, positive when it is only in after, zero when both have it. One of the two is
// there.
func headOrder[T any](before, after *T, id func(*T) string) int {
	switch {
	case after == nil:
		return -1
	case before == nil:
		return 1
	default:
		return strings.Compare(id(before), id(after))
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
