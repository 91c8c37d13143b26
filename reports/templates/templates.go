// Package templates has the built-in templates of the Markdown reports, and of the guide in a pack.
package templates

import "embed"

// Files has report.md.tmpl, period.md.tmpl and check.md.tmpl.
//
//go:embed *.tmpl
var Files embed.FS
