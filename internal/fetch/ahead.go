package fetch

import "iter"

// aheadRows is how many elements are handed from one goroutine to the other at once.
const aheadRows = 256

// ahead goes through a sequence in a goroutine of its own, some elements ahead of who goes through what it gives: on two processors the next
// are made while the ones before are worked on. Nothing of the sequence runs any longer when that ends.
func ahead[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	type element struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		chunks, quit := make(chan []element, 2), make(chan struct{})
		go func() {
			defer close(chunks)
			var chunk []element
			for value, err := range all {
				if chunk = append(chunk, element{value, err}); len(chunk) < aheadRows {
					continue
				}
				select {
				case chunks <- chunk:
					chunk = make([]element, 0, aheadRows)
				case <-quit:
					return
				}
			}
			select {
			case chunks <- chunk:
			case <-quit:
			}
		}()
		defer func() {
			close(quit)
			for range chunks { // until the goroutine has closed it
			}
		}()
		for chunk := range chunks {
			for _, e := range chunk {
				if !yield(e.value, e.err) {
					return
				}
			}
		}
	}
}
