package table

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// WriteJSON writes one object: the members of head, a struct, then an array for each table with
// a key. Each row is an object. The last array has the remarks of all tables.
func WriteJSON(w io.Writer, head any, f *Frame, tables []*Table) error {
	members, err := json.Marshal(head, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("encoding the head of the JSON: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.Write(bytes.TrimSuffix(members, []byte("\n}"))) // Flush returns the first error
	var object []byte
	for _, t := range withRemarks(tables) {
		_, _ = fmt.Fprintf(out, ",\n  %q: [", t.Key)
		layout, separator := t.layout(f, notJSON), ""
		for _, r := range t.Rows {
			object = layout.appendObject(object[:0], r)
			_, _ = fmt.Fprintf(out, "%s\n    %s", separator, object)
			separator = ","
		}
		_, _ = out.WriteString("\n  ]")
	}
	_, _ = out.WriteString("\n}\n")
	return out.Flush()
}

// WriteJSONLines writes one object on each line, with a type and data. The first line is head,
// a struct, with the type kind. Then follow the rows of each table with a key, which is their
// type, and the remarks. The last line has the type "end" and the number of lines before it; a
// file without that line is truncated.
func WriteJSONLines(w io.Writer, kind string, head any, f *Frame, tables []*Table) error {
	members, err := json.Marshal(head, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Errorf("encoding the head of the JSON lines: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = fmt.Fprintf(out, "{\"type\":%q,\"data\":%s}\n", kind, members)
	var object []byte
	lines := 1
	for _, t := range withRemarks(tables) {
		layout := t.layout(f, notJSON)
		for _, r := range t.Rows {
			object = layout.appendObject(object[:0], r)
			_, _ = fmt.Fprintf(out, "{\"type\":%q,\"data\":%s}\n", t.Key, object)
		}
		lines += len(t.Rows)
	}
	_, _ = fmt.Fprintf(out, "{\"type\":\"end\",\"data\":{\"lines\":%d}}\n", lines)
	return out.Flush()
}

// RemarkColumns are the columns of "remarks": the array that a remark belongs to, and its text.
var RemarkColumns = []Column{Text("Table", "table"), Text("Remark", "text")}

// withRemarks returns the tables with a key, and a table of their remarks.
func withRemarks(tables []*Table) []*Table {
	remarks := New("", nil, RemarkColumns...)
	remarks.Key = "remarks"
	var all []*Table
	for _, t := range tables {
		if t.Key == "" {
			continue
		}
		all = append(all, t)
		for _, r := range t.forPrograms() {
			remarks.Add(r.Organization, t.Key, r.Text)
		}
	}
	return append(all, remarks)
}

// appendObject appends a row as a JSON object on one line.
func (l *layout) appendObject(b []byte, r Row) []byte {
	start := len(b)
	for i, value := range l.of(r) {
		b = append(append(append(b, ',', '"'), l.keys[i]...), `":`...)
		b = appendJSON(b, value)
	}
	b[start] = '{' // in place of the first comma
	return append(b, '}')
}

func appendJSON(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil, Why:
		return append(b, "null"...)
	case int, bool:
		return append(b, Plain(v)...)
	case List:
		value, _ := json.Marshal(v.Items, jsontext.AllowInvalidUTF8(true)) // texts can always be encoded
		return append(b, value...)
	case jsontext.Value:
		if raw := slices.Clone(v); raw.Compact() == nil {
			return append(b, raw...)
		}
		return append(b, "null"...)
	}
	b, _ = jsontext.AppendQuote(b, Plain(value)) // the error reports bytes that U+FFFD replaces
	return b
}
