package ona

import "iter"

// List is configurations sorted by id, each id once, of which there may be more than fit into memory.
type List[T any] interface {
	Len() int
	// All goes through the list, as often as it is called. What it yields stays as it is.
	All() iter.Seq[*T]
	// Err is why All ended before the end, once it has. Until it was asked, nothing may be concluded from what All lacked.
	Err() error
}

// Slice is a List in memory.
type Slice[T any] []T

// Len is the number of configurations.
func (s Slice[T]) Len() int { return len(s) }

// All goes through the slice.
func (s Slice[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range s {
			if !yield(&s[i]) {
				return
			}
		}
	}
}

// Err is nil: memory can be read to the end.
func (s Slice[T]) Err() error { return nil }

// OrEmpty is the list, or an empty one where it is nil.
func OrEmpty[T any](l List[T]) List[T] {
	if l == nil {
		return Slice[T]{}
	}
	return l
}

// SCIMConfigurations is a listing of them in memory.
type SCIMConfigurations = Slice[SCIMConfiguration]
