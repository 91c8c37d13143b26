package snapshot

import "scim-auditor/internal/evidence"

// digester adds rows to a digest in a goroutine of its own: hashing takes as long as comparing.
type digester struct {
	chunks chan<- formed // nil once it is closed
	done   chan struct{}
	next   formed
	sum    string // once done
}

// formed is rows of one form.
type formed struct {
	form evidence.Form
	rows []row
	size int // bytes of their texts
}

// newDigester begins a digest over no rows. It must be closed.
func newDigester() *digester {
	chunks := make(chan formed, 2)
	d := &digester{chunks: chunks, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		digest := evidence.NewDigest()
		for c := range chunks {
			for _, r := range c.rows {
				digest.Add(c.form, r.values)
			}
		}
		d.sum = digest.Sum()
	}()
	return d
}

// of gives what adds a row of a form, which is not to be changed any more.
func (d *digester) of(form evidence.Form) func(row) {
	d.send()
	d.next.form = form
	return func(r row) {
		if d.next.rows == nil {
			d.next.rows = make([]row, 0, rowsPerChunk)
		}
		d.next.size += r.size()
		if d.next.rows = append(d.next.rows, r); len(d.next.rows) == rowsPerChunk || d.next.size > bytesPerChunk {
			d.send()
		}
	}
}

func (d *digester) send() {
	if len(d.next.rows) > 0 {
		d.chunks <- d.next
	}
	d.next.rows, d.next.size = nil, 0
}

// close gives the digest, in hex.
func (d *digester) close() string {
	if d.chunks != nil {
		d.send()
		close(d.chunks)
		d.chunks = nil
	}
	<-d.done
	return d.sum
}
