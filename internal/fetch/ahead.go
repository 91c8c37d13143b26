package fetch

import "iter"

// A chunk of so many elements is handed from one goroutine to the other, or of fewer when they are large.
const aheadRows, aheadBytes = 256, 1 << 20

// ahead goes through a sequence in a goroutine of its own, some elements ahead of who goes through what it gives: on two processors the next
// are made while the ones before are worked on. Nothing of the sequence runs any longer when that ends. size is the bytes of an element.
func ahead[T any](all iter.Seq2[T, error], size func(T) int) iter.Seq2[T, error] {
	type element struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		chunks, quit := make(chan []element, 2), make(chan struct{})
		go func() {
			defer close(chunks)
			var chunk []element
			bytes := 0
			for value, err := range all {
				if err == nil {
					bytes += size(value)
				}
				if chunk = append(chunk, element{value, err}); len(chunk) < aheadRows && bytes < aheadBytes {
					continue
				}
				select {
				case chunks <- chunk:
					chunk, bytes = make([]element, 0, aheadRows), 0
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
