// Package docs has the files of the documentation that the program hands out.
package docs

import _ "embed" // verify.py

// VerifyScript is verify.py, which recomputes the hashes of a database.
//
//go:embed verify.py
var VerifyScript []byte
