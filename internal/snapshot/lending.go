package snapshot

import "sync"

// lending gives SQL hold of values of Go by a number, which a statement takes as a parameter.
type lending[T any] struct {
	mu   sync.RWMutex
	last int64
	lent map[int64]T
}

// lend gives a value's number until back is called.
func (l *lending[T]) lend(v T) (number int64, back func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lent == nil {
		l.lent = make(map[int64]T)
	}
	l.last++
	number = l.last
	l.lent[number] = v
	return number, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.lent, number)
	}
}

func (l *lending[T]) get(number any) (v T, found bool) {
	n, ok := number.(int64)
	if !ok {
		return v, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, found = l.lent[n]
	return v, found
}
