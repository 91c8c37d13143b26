// Package templates has the built-in templates of the reports, and of the guide in a pack.
package templates

import "embed"

// Files has the templates of the reports in HTML and Markdown, and check.md.tmpl of the guide.
//
//go:embed *.tmpl
var Files embed.FS
