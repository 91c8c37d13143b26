package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// WriteJSON writes one object: the members of head, a struct, then an array for each table with a
// key. Each row is an object. The last array has the remarks of all tables.
func WriteJSON(w io.Writer, head any, f *Frame, tables []*Table) error {
	members, err := marshal(head, "  ")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.Write(bytes.TrimSuffix(members, []byte("\n}"))) // Flush returns the first error
	for _, t := range withRemarks(tables) {
		_, _ = fmt.Fprintf(out, ",\n  %q: [", t.Key)
		layout, separator := t.layout(f, notJSON), ""
		for _, r := range t.Rows {
			b := append(out.AvailableBuffer(), separator...)
			_, _ = out.Write(layout.appendObject(append(b, "\n    "...), r))
			separator = ","
		}
		_, _ = out.WriteString("\n  ]")
	}
	_, _ = out.WriteString("\n}\n")
	return out.Flush()
}

// WriteJSONLines writes one object on each line, with a type and data. The first line is head, a
// struct, with the type kind. Then follow the rows of each table with a key, which is their type,
// and the remarks. The last line has the type "end" and the number of lines before it; a file
// without that line is truncated.
func WriteJSONLines(w io.Writer, kind string, head any, f *Frame, tables []*Table) error {
	members, err := marshal(head, "")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = fmt.Fprintf(out, "{\"type\":%q,\"data\":%s}\n", kind, members)
	lines := 1
	for _, t := range withRemarks(tables) {
		layout, beginning := t.layout(f, notJSON), fmt.Sprintf(`{"type":%q,"data":`, t.Key)
		for _, r := range t.Rows {
			b := append(out.AvailableBuffer(), beginning...)
			_, _ = out.Write(append(layout.appendObject(b, r), "}\n"...))
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
		for _, r := range t.Remarks {
			remarks.Add(r.Organization, t.Key, r.Text)
		}
	}
	return append(all, remarks)
}

// marshal does not escape <, > and &.
func marshal(head any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(head); err != nil {
		return nil, fmt.Errorf("encoding the head of the JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (l *layout) appendObject(b []byte, r Row) []byte {
	separator := byte('{')
	for i, value := range l.of(r) {
		b = append(append(append(b, separator, '"'), l.keys[i]...), `":`...)
		b = appendJSON(b, value)
		separator = ','
	}
	return append(b, '}')
}

func appendJSON(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil, Why:
		return append(b, "null"...)
	case string:
		return appendQuoted(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case bool:
		return strconv.AppendBool(b, v)
	case time.Time:
		return append(v.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	case List:
		b = append(b, '[')
		for i, item := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(b, item)
		}
		return append(b, ']')
	case json.RawMessage:
		return appendRaw(b, v)
	}
	return appendQuoted(b, Plain(value))
}

// appendQuoted replaces bytes that are not UTF-8 by U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error only reports such bytes
	return b
}

// appendRaw writes JSON on one line, or null if it is empty or invalid.
func appendRaw(b []byte, raw json.RawMessage) []byte {
	out := bytes.NewBuffer(b)
	if len(raw) == 0 || json.Compact(out, raw) != nil {
		return append(b, "null"...)
	}
	return out.Bytes()
}
