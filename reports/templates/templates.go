// Package templates has the built-in templates of the Markdown reports.
package templates

import "embed"

// Files has report.md.tmpl and period.md.tmpl.
//
//go:embed *.tmpl
var Files embed.FS
