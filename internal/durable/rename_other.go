//go:build !linux

package durable

import "errors"

// renameNew returns errors.ErrUnsupported: this system cannot rename a file without replacing
// another.
func renameNew(string, string) error { return errors.ErrUnsupported }
