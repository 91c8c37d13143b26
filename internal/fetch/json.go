package fetch

import (
	"bytes"
	"cmp"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is the deepest nesting that a response may have.
const maxDepth = 64

var errTooDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)

// lenient is for JSON that was already validated, and for finding an id in JSON that was refused.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// readAnswer reads the body of a response, one JSON object.
func readAnswer(body []byte) (members, error) {
	if depth(body) > maxDepth {
		return nil, errTooDeep
	}
	return readMembers(body)
}

func isObject(text jsontext.Value) error {
	if text.Kind() == jsontext.KindBeginObject {
		return nil
	}
	if beginning := plain(string(text[:min(len(text), 100)])); beginning != "" {
		return fmt.Errorf("not a JSON object: %q", beginning)
	}
	return errors.New("not a JSON object: it is empty")
}

// members holds the members of a JSON object by their names in lowerCamelCase.
type members map[string]jsontext.Value

// readMembers reads one JSON object; text must hold nothing else. Readers of proto3 JSON accept two
// spellings of a field, lowerCamelCase and the name in the .proto file (next_token): readMembers
// returns both as the first. An object may have both only with the same value; null means absent.
// https://protobuf.dev/programming-guides/json/
func readMembers(text []byte, options ...json.Options) (members, error) {
	if err := isObject(text); err != nil {
		return nil, err
	}
	var m members
	if err := json.Unmarshal(text, &m, options...); err != nil {
		return nil, describe(err)
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		field := lowerCamelCase(name)
		if field == name {
			continue
		}
		value, other := m[name], m.take(field)
		delete(m, name)
		m[field] = value
		if other == nil {
			continue
		}
		if same, err := equalJSON(value, other); err != nil || !same && value.Kind() != jsontext.KindNull {
			return nil, cmp.Or(err, fmt.Errorf("field %s is also spelled %s, with another value", plain(field), plain(name)))
		}
		m[field] = other
	}
	return m, nil
}

// lowerCamelCase returns the JSON name of a field of protobuf.
func lowerCamelCase(name string) string {
	first, rest, found := strings.Cut(name, "_")
	if !found {
		return name
	}
	var b strings.Builder
	b.WriteString(first)
	for part := range strings.SplitSeq(rest, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// take removes a member and returns its value; nil if it is absent or null.
func (m members) take(field string) jsontext.Value {
	value := m[field]
	delete(m, field)
	if value.Kind() == jsontext.KindNull {
		return nil
	}
	return value
}

// text removes a member that is a string and returns its text; empty if it is absent or null. path
// ends in the member's name; errors name it.
func (m members) text(path string) (string, error) {
	value := m.take(path[strings.LastIndexByte(path, '.')+1:])
	if value == nil {
		return "", nil
	}
	return decodeText(path, value)
}

// object removes a member that is an object and returns its members; none if it is absent or null.
func (m members) object(field string) (members, error) {
	value := m.take(field)
	switch {
	case value == nil:
		return nil, nil
	case value.Kind() != jsontext.KindBeginObject:
		return nil, wrongKind(field, value.Kind(), "an object")
	}
	return readMembers(value)
}

// depth returns the deepest nesting of a value.
func (m members) depth() int {
	deepest := 0
	for _, value := range m {
		deepest = max(deepest, depth(value))
	}
	return deepest
}

// unquote returns the text of a valid JSON string.
func unquote(value jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, value) // cannot fail for a valid string
	return string(text)
}

// rowDepth is how deep a value in a row is nested: in the response, the list and the row.
const rowDepth = 3

// canonicalJSON returns a copy of a value in the form of RFC 8785, except for its numbers, which
// decimal writes: converted to doubles they would lose digits.
func canonicalJSON(value jsontext.Value) (stdjson.RawMessage, error) {
	if depth(value) > maxDepth-rowDepth {
		return nil, errTooDeep
	}
	var b bytes.Buffer
	d, e := jsontext.NewDecoder(bytes.NewReader(value)), jsontext.NewEncoder(&b)
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && token.Kind() == jsontext.KindNumber {
			err = e.WriteValue(jsontext.Value(decimal(token.String())))
		} else if err == nil {
			err = e.WriteToken(token)
		}
		if err != nil {
			return nil, describe(err)
		}
	}
	canonical := jsontext.Value(bytes.TrimSpace(b.Bytes()))
	err := canonical.Canonicalize(jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false))
	return stdjson.RawMessage(canonical), describe(err)
}

// equalJSON reports whether two values have the same canonical JSON.
func equalJSON(a, b jsontext.Value) (bool, error) {
	canonicalA, errA := canonicalJSON(a)
	canonicalB, errB := canonicalJSON(b)
	return bytes.Equal(canonicalA, canonicalB), cmp.Or(errA, errB)
}

// depth returns the deepest nesting of JSON text.
func depth(text []byte) int {
	deepest := 0
	for d := jsontext.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, d.StackDepth())
	}
}

var kindNames = map[jsontext.Kind]string{
	jsontext.KindNull:        "null",
	jsontext.KindFalse:       "a boolean",
	jsontext.KindTrue:        "a boolean",
	jsontext.KindString:      "a string",
	jsontext.KindNumber:      "a number",
	jsontext.KindBeginObject: "an object",
	jsontext.KindBeginArray:  "a list",
}

func wrongKind(field string, kind jsontext.Kind, want string) error {
	return fmt.Errorf("field %s is %s, not %s", plain(field), kindNames[kind], want)
}

// describe rewrites an error of the JSON library so that it names JSON types instead of Go types.
func describe(err error) error { return describeField("", err) }

// describeField is describe for an error inside a field.
func describeField(field string, err error) error {
	if err == nil {
		return nil
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok || semantic.GoType == nil || kindNames[semantic.JSONKind] == "" {
		return errors.New(plain(err.Error()))
	}
	path := slices.Collect(semantic.JSONPointer.Tokens())
	if field != "" {
		path = slices.Insert(path, 0, field)
	}
	return wrongKind(strings.Join(path, "."), semantic.JSONKind, typeName(semantic.GoType))
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "a boolean"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// configurationID returns the id in a row that was refused, for the error; empty if there is none.
func configurationID(row []byte) string {
	var found struct {
		ID any `json:"id"`
	}
	err := json.Unmarshal(row, &found, lenient)
	id, ok := found.ID.(string)
	if err != nil || !ok {
		return ""
	}
	return plain(id)
}

type wirePagination struct {
	NextToken string
	Unknown   members
}

// request is the body of a call. Each call sets only the fields that the API documents for its
// method, because a server may refuse others.
type request struct {
	OrganizationID      string             `json:"organizationId,omitzero"`
	SCIMConfigurationID string             `json:"scimConfigurationId,omitzero"`
	SSOConfigurationID  string             `json:"ssoConfigurationId,omitzero"`
	Filter              *filter            `json:"filter,omitzero"`
	Count               *countRequest      `json:"count,omitzero"`
	Sort                *sort              `json:"sort,omitzero"`
	Pagination          *paginationRequest `json:"pagination,omitzero"`
}

type paginationRequest struct {
	PageSize int    `json:"pageSize"`
	Token    string `json:"token,omitzero"`
}

// countRequest asks the server to count the rows of a whole list.
type countRequest struct {
	Include bool `json:"include"`
}

// filter selects rows: members by Statuses, tokens by UserIDs, entries of the audit log by the
// other fields.
type filter struct {
	SubjectIDs   []string `json:"subjectIds,omitzero"`
	SubjectTypes []string `json:"subjectTypes,omitzero"`
	// From is inclusive, To exclusive.
	From     string   `json:"from,omitzero"`
	To       string   `json:"to,omitzero"`
	UserIDs  []string `json:"userIds,omitzero"`
	Statuses []string `json:"statuses,omitzero"`
}

type sort struct {
	Field string `json:"field"`
	Order string `json:"order"`
}

// fieldSet collects the response fields that this version does not know, as Type.field.
type fieldSet map[string]struct{}

func (f fieldSet) add(owner, name string) { f[owner+"."+plain(name)] = struct{}{} }

func (f fieldSet) addAll(owner string, unknown members) {
	for name := range unknown {
		f.add(owner, name)
	}
}

func (f fieldSet) sorted() []string { return slices.Sorted(maps.Keys(f)) }

func names(unknown members) string {
	return plain(strings.Join(slices.Sorted(maps.Keys(unknown)), ", "))
}
