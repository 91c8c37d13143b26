// Package templates holds the text/template files from which the Markdown reports are made.
package templates

import "embed"

// Files holds report.md.tmpl and period.md.tmpl.
//
//go:embed *.tmpl
var Files embed.FS
