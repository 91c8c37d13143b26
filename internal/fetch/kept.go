package fetch

import (
	"maps"
	"sync"
)

// Pages keeps the pages of the last two snapshots of an organization, or of the listings of one
// snapshot, with their decoded rows, so that a page with the same bytes is decoded once. It is for
// one Client at a time.
type Pages struct {
	mu            sync.Mutex
	before, since map[string]page // by method, response and token
}

// decodedRows has the rows of a page, nil until they are decoded, with the names of the fields that
// are unknown in each.
type decodedRows struct {
	rows    []any
	unknown []fieldSet
}

// Next begins a snapshot, also the first: it forgets the pages that the last snapshot did not have.
func (k *Pages) Next() { k.before, k.since = k.since, make(map[string]page) }

// read returns the page in a response.
func (k *Pages) read(s source, x Exchange, token string) (page, error) {
	if k == nil {
		return parsePage(x.Body, s, token)
	}
	key := s.method + " " + x.ResponseSHA256 + " " + token
	k.mu.Lock()
	defer k.mu.Unlock()
	p, found := k.since[key]
	if !found {
		p, found = k.before[key]
	}
	if !found {
		var err error
		if p, err = parsePage(x.Body, s, token); err != nil {
			return p, err
		}
		p.decoded, p.body = &decodedRows{make([]any, len(p.rows)), make([]fieldSet, len(p.rows))}, x.Body
	}
	k.since[key] = p
	return p, nil
}

// row decodes a row of a page, unless that was done before.
func (l listing[T]) row(p page, i int, unknown fieldSet) (*T, error) {
	if p.decoded == nil {
		return l.decode(p.rows[i], unknown)
	}
	d := p.decoded
	if d.rows[i] == nil {
		d.unknown[i] = fieldSet{}
		row, err := l.decode(p.rows[i], d.unknown[i])
		if err != nil {
			return row, err
		}
		d.rows[i] = row
	}
	maps.Copy(unknown, d.unknown[i])
	return d.rows[i].(*T), nil
}
