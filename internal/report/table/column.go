package table

import "strings"

// Column is one column. Make it with Text, Int and their like.
type Column struct {
	Title string // in sheets and Markdown, unique in its table
	Key   string // in CSV and JSON
	Kind  Kind
	in    files
}

// Kind is the type of a column's values in JSON. Each may be missing, which is null.
type Kind int

// The kinds. AnyKind is a text, a number, a truth or an instant.
const (
	TextKind Kind = iota
	IntKind
	BoolKind
	TimeKind
	DayKind
	ListKind
	RawKind
	AnyKind
)

// files says which files have a column.
type files int

const (
	inAll files = iota
	jsonOnly
	notJSON
)

// Text is a column of texts and of words.
func Text(title, key string) Column { return Column{Title: title, Key: key} }

// Int is a column of whole numbers.
func Int(title, key string) Column { return Column{Title: title, Key: key, Kind: IntKind} }

// Bool is a column of truth values.
func Bool(title, key string) Column { return Column{Title: title, Key: key, Kind: BoolKind} }

// Time is a column of instants. Its title gets "(UTC)" at the end.
func Time(title, key string) Column {
	return Column{Title: title + " " + InUTC, Key: key, Kind: TimeKind}
}

// Date is a column of days.
func Date(title, key string) Column { return Column{Title: title, Key: key, Kind: DayKind} }

// Lists is a column of lists of texts.
func Lists(title, key string) Column { return Column{Title: title, Key: key, Kind: ListKind} }

// Raw is a column of JSON as the API sent it. Only JSON has it.
func Raw(key string) Column { return Column{Key: key, Kind: RawKind, in: jsonOnly} }

// NotInJSON returns the column for all files but JSON, where the same is said elsewhere.
func (c Column) NotInJSON() Column {
	c.in = notJSON
	return c
}

// ParseColumns reads columns by their tables, a column a line: table, type, key, title, and "json"
// where only JSON has the column or "no json" where all files but JSON have it, with tabs between.
func ParseColumns(text string) map[string][]Column {
	kinds := map[string]Kind{
		"text": TextKind, "int": IntKind, "bool": BoolKind, "time": TimeKind, "date": DayKind, "list": ListKind,
		"any": AnyKind, "raw": RawKind,
	}
	columns := make(map[string][]Column)
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c := Column{Title: parts[3], Key: parts[2], Kind: kinds[parts[1]]}
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
