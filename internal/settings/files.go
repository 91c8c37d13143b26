package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// maxFileBytes is the largest file that a setting may name.
const maxFileBytes = 32 << 20

// pipePatience is how long reading a pipe or a device may take: perhaps nobody writes to it.
var pipePatience = 15 * time.Second

// userFile is a file that a setting names, and when it was last written.
type userFile struct {
	content   []byte
	writtenAt time.Time
}

// readFile reads a file that a setting names. The file may be a pipe, such as that of a process
// substitution. What was read from a pipe is gone, so an empty pipe is an error. Each error is a
// *fs.PathError.
func readFile(path string) (userFile, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() || info.IsDir() {
		return readAll(path)
	}
	type result struct {
		file userFile
		err  error
	}
	read := make(chan result, 1)
	go func() {
		file, err := readAll(path)
		read <- result{file, err}
	}()
	select {
	case r := <-read:
		if r.err == nil && len(r.file.content) == 0 && info.Mode()&fs.ModeNamedPipe != 0 {
			r.err = &fs.PathError{Op: "read", Path: path, Err: errors.New(
				"nothing was written to the pipe, or it was read before")}
		}
		return r.file, r.err
	case <-time.After(pipePatience):
		return userFile{}, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf(
			"it is not a regular file (its mode is %s) and did not end within %s", info.Mode(), pipePatience)}
	}
}

func readAll(path string) (f userFile, err error) {
	file, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return f, err
	}
	f.writtenAt = info.ModTime()
	f.content, err = io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err == nil && len(f.content) > maxFileBytes {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("the file is larger than %d MiB", maxFileBytes>>20)}
	}
	return f, err
}
