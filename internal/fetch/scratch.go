package fetch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// scratch is a file for what a long listing would fill memory with. Where the system can, it has no name from the beginning, so that no end of
// the process leaves it behind. It is written first, and then read, by several goroutines if need be.
type scratch struct {
	file  *os.File // mode 0600
	named bool
	write *bufio.Writer
	size  int64
}

const scratchBuffer = 64 << 10

func newScratch(folder string) (*scratch, error) {
	f, err := os.CreateTemp(folder, ".auditor-listing-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file for a long listing: %w", err)
	}
	s := &scratch{file: f, write: bufio.NewWriterSize(f, scratchBuffer)}
	s.named = os.Remove(f.Name()) != nil // Windows keeps the name of an open file
	return s, nil
}

// Write appends.
func (s *scratch) Write(p []byte) (int, error) {
	n, err := s.write.Write(p)
	s.size += int64(n)
	if err != nil {
		err = fmt.Errorf("writing a long listing to a temporary file: %w", err)
	}
	return n, err
}

// from is the part from an offset to the end; it can be read once all is written and flushed.
func (s *scratch) from(offset int64) Section {
	return Section{scratch: s, offset: offset, length: s.size - offset}
}

func (s *scratch) flush() error {
	if err := s.write.Flush(); err != nil {
		return fmt.Errorf("writing a long listing to a temporary file: %w", err)
	}
	return nil
}

func (s *scratch) close() error {
	err := s.file.Close()
	if s.named {
		if left := os.Remove(s.file.Name()); !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}
	return err
}

// Section is a part of a file that a Collection has until it is closed.
type Section struct {
	scratch        *scratch
	offset, length int64
}

// Bytes reads it whole.
func (s Section) Bytes() ([]byte, error) {
	all := make([]byte, s.length)
	if _, err := s.scratch.file.ReadAt(all, s.offset); err != nil {
		return nil, fmt.Errorf("reading a long listing from a temporary file: %w", err)
	}
	return all, nil
}

func (s Section) reader() *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(s.scratch.file, s.offset, s.length), scratchBuffer)
}

// keepAnswers moves the answers that are in memory to the file, from which all that was written can then be read.
func (c *collector) keepAnswers() error {
	c.seal()
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		if x.Kept != nil {
			continue
		}
		from := c.scratch.size
		if _, err := c.scratch.Write(x.Body); err != nil {
			return err
		}
		kept := c.scratch.from(from)
		x.Kept, x.Body = &kept, nil
	}
	c.inMemory = 0
	return c.scratch.flush()
}
