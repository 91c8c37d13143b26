// Package templates holds the text/template from which the Markdown report is made.
package templates

import "embed"

// Files holds report.md.tmpl.
//
//go:embed *.tmpl
var Files embed.FS
