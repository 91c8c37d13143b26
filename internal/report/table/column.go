package table

import "strings"

// Column is one column. Make it with Text and its like, or with ParseColumns.
type Column struct {
	Title string // in sheets and Markdown, unique in its table
	Key   string // in CSV and JSON
	Kind  Kind
	in    files
}

// Kind is the type of a column's values in JSON. Each may be missing, which is null.
type Kind string

// The kinds. AnyKind is a text, a number, a truth or an instant.
const (
	TextKind Kind = "text"
	IntKind  Kind = "int"
	BoolKind Kind = "bool"
	TimeKind Kind = "time"
	DayKind  Kind = "date"
	ListKind Kind = "list"
	RawKind  Kind = "raw"
	AnyKind  Kind = "any"
)

// files says which files have a column.
type files int

const (
	inAll files = iota
	jsonOnly
	notJSON
)

// Text is a column of texts and of words.
func Text(title, key string) Column { return Column{Title: title, Key: key, Kind: TextKind} }

// Int is a column of whole numbers.
func Int(title, key string) Column { return Column{Title: title, Key: key, Kind: IntKind} }

// Time is a column of instants. Its title gets "(UTC)" at the end.
func Time(title, key string) Column {
	return Column{Title: title + " " + InUTC, Key: key, Kind: TimeKind}
}

// Lists is a column of lists of texts.
func Lists(title, key string) Column { return Column{Title: title, Key: key, Kind: ListKind} }

// ParseColumns reads columns by their tables, a column a line: table, kind, key, title, and "json"
// where only JSON has the column or "no json" where all files but JSON have it, with tabs between.
func ParseColumns(text string) map[string][]Column {
	columns := make(map[string][]Column)
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c := Column{Title: parts[3], Key: parts[2], Kind: Kind(parts[1])}
		if c.Kind == TimeKind {
			c.Title += " " + InUTC
		}
		switch parts[len(parts)-1] {
		case "json":
			c.in = jsonOnly // such columns must stand behind all others
		case "no json":
			c.in = notJSON
		}
		columns[parts[0]] = append(columns[parts[0]], c)
	}
	return columns
}

// hasLocal reports whether a column of local times can stand behind the column.
func (c Column) hasLocal() bool { return c.Kind == TimeKind && c.in != jsonOnly }

// InJSON reports whether JSON has the column.
func (c Column) InJSON() bool { return c.in != notJSON }
