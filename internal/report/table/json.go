package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// WriteJSON writes one object: the members of head, which is a struct, and an array for each table
// that has a key, with an object for each row. The last array is the remarks of all tables.
func WriteJSON(w io.Writer, head any, f *Frame, tables []*Table) error {
	out := bufio.NewWriterSize(w, 1<<16)
	members, err := marshal(head, "  ")
	if err != nil {
		return err
	}
	_, _ = out.Write(bytes.TrimSuffix(members, []byte("\n}"))) // Flush reports the error
	for _, t := range slices.Concat(tables, []*Table{remarks(tables)}) {
		if t.Key != "" {
			t.writeArray(out, f)
		}
	}
	_, _ = out.WriteString("\n}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// writeArray writes one row a line.
func (t *Table) writeArray(out *bufio.Writer, f *Frame) {
	_, _ = out.WriteString(",\n  \"" + t.Key + "\": [")
	layout, separator := t.layout(f, notJSON), "\n    {"
	for _, r := range t.Rows {
		b := append(out.AvailableBuffer(), separator...)
		b = layout.appendMembers(b, r)
		_, _ = out.Write(append(b, '}'))
		separator = ",\n    {"
	}
	if len(t.Rows) > 0 {
		_, _ = out.WriteString("\n  ")
	}
	_ = out.WriteByte(']')
}

// WriteJSONLines writes an object a line, with a type and data: head, a struct, of the type kind;
// then the rows of each table that has a key, which is their type, and the remarks; then the type
// "end" with the number of lines before it. A file without that last line is not whole.
func WriteJSONLines(w io.Writer, kind string, head any, f *Frame, tables []*Table) error {
	out := bufio.NewWriterSize(w, 1<<16)
	members, err := marshal(head, "")
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "{\"type\":%q,\"data\":%s}\n", kind, members)
	lines := 1
	for _, t := range slices.Concat(tables, []*Table{remarks(tables)}) {
		if t.Key != "" {
			t.writeLines(out, f)
			lines += len(t.Rows)
		}
	}
	_, _ = fmt.Fprintf(out, "{\"type\":\"end\",\"data\":{\"lines\":%d}}\n", lines)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing JSON lines: %w", err)
	}
	return nil
}

func (t *Table) writeLines(out *bufio.Writer, f *Frame) {
	layout := t.layout(f, notJSON)
	for _, r := range t.Rows {
		b := append(out.AvailableBuffer(), `{"type":"`...)
		b = append(append(b, t.Key...), `","data":{`...)
		b = layout.appendMembers(b, r)
		_, _ = out.Write(append(b, "}}\n"...))
	}
}

// remarks is the remarks of all tables as a table.
func remarks(tables []*Table) *Table {
	all := New("", nil, RemarkColumns...)
	all.Key = "remarks"
	for _, t := range tables {
		for _, r := range t.Remarks {
			if t.Key != "" {
				all.Add(r.Organization, t.Key, r.Text)
			}
		}
	}
	return all
}

// RemarkColumns are those of the array "remarks": the name of the array beside which a remark must
// be read, and what it says.
var RemarkColumns = []Column{Text("Table", "table"), Text("Remark", "text")}

// marshal leaves <, > and & as they are.
func marshal(value any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(value); err != nil {
		return nil, fmt.Errorf("writing the head of the JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (l *layout) appendMembers(b []byte, r Row) []byte {
	for i, value := range l.of(r) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), l.keys[i]...), `":`...)
		b = appendJSON(b, value)
	}
	return b
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
		b = v.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano)
		return append(b, '"')
	case List:
		return appendArray(b, v.Items)
	case json.RawMessage:
		return appendRaw(b, v)
	}
	return appendQuoted(b, Plain(value))
}

// appendQuoted writes bytes that are not UTF-8 as U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error is about such bytes
	return b
}

func appendArray(b []byte, items []string) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, item)
	}
	return append(b, ']')
}

// appendRaw writes JSON on one line, and null for none.
func appendRaw(b []byte, raw json.RawMessage) []byte {
	out := bytes.NewBuffer(b)
	if len(raw) == 0 || json.Compact(out, raw) != nil {
		return append(b, "null"...)
	}
	return out.Bytes()
}
