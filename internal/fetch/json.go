package fetch

import (
	"bytes"
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

// decodeAnswer reads the body of a response, one JSON object, into a wire type. Errors name the
// field.
func decodeAnswer(body []byte, into any) error {
	if depth(body) > maxDepth {
		return errTooDeep
	}
	if err := isObject(body); err != nil {
		return err
	}
	return describe(json.Unmarshal(body, into))
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

// eachMember calls member for each member of a JSON object; text must hold nothing else. member
// reads the value from d.
func eachMember(
	text []byte, member func(name []byte, d *jsontext.Decoder) error, options ...jsontext.Options,
) error {
	if err := isObject(text); err != nil {
		return err
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(text), options...)
	if _, err := d.ReadToken(); err != nil {
		return describe(err)
	}
	for d.PeekKind() == jsontext.KindString {
		name, err := d.ReadValue()
		if err != nil {
			return describe(err)
		}
		if err := member(unquote(name), d); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil { // the closing brace
		return describe(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is more text after the JSON object")
	}
	return nil
}

// unquote returns the text of a valid JSON string, without a copy if nothing in it is escaped.
func unquote(value jsontext.Value) []byte {
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	text, _ := jsontext.AppendUnquote(nil, value) // cannot fail for a valid string
	return text
}

// rowDepth is how deep a value in a row is nested: in the response, the list and the row.
const rowDepth = 3

// canonicalJSON returns a copy of a value in the form of RFC 8785, except that integers stay as
// they were written: converted to doubles they would lose digits.
func canonicalJSON(value jsontext.Value) (stdjson.RawMessage, error) {
	if depth(value) > maxDepth-rowDepth {
		return nil, errTooDeep
	}
	value = value.Clone()
	err := value.Canonicalize(jsontext.CanonicalizeRawInts(false))
	return stdjson.RawMessage(value), describe(err)
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

// The outer objects of responses. json v2 matches names by case, refuses duplicate names and
// invalid UTF-8, and reads null as absent. Each type keeps its unknown members.

type members map[string]jsontext.Value

// depth returns the deepest nesting of a value.
func (m members) depth() int {
	deepest := 0
	for _, value := range m {
		deepest = max(deepest, depth(value))
	}
	return deepest
}

type wireIdentity struct {
	Subject          wireSubject `json:"subject"`
	OrganizationID   string      `json:"organizationId"`
	OrganizationTier string      `json:"organizationTier"`
	Unknown          members     `json:",embed"`
}

type wireSubject struct {
	ID        string  `json:"id"`
	Principal string  `json:"principal"`
	Unknown   members `json:",embed"`
}

type wirePagination struct {
	NextToken string  `json:"nextToken"`
	Unknown   members `json:",embed"`
}

// request is the body of a call. Each call sets only the fields that the API documents for its
// method, because a server may refuse others.
type request struct {
	OrganizationID      string             `json:"organizationId,omitzero"`
	SCIMConfigurationID string             `json:"scimConfigurationId,omitzero"`
	SSOConfigurationID  string             `json:"ssoConfigurationId,omitzero"`
	Filter              *filter            `json:"filter,omitzero"`
	Sort                *sort              `json:"sort,omitzero"`
	Pagination          *paginationRequest `json:"pagination,omitzero"`
}

type paginationRequest struct {
	PageSize int    `json:"pageSize"`
	Token    string `json:"token,omitzero"`
}

// filter selects rows: entries of the audit log by all fields but the last, tokens by the last.
type filter struct {
	SubjectIDs   []string `json:"subjectIds,omitzero"`
	SubjectTypes []string `json:"subjectTypes,omitzero"`
	// From is inclusive, To exclusive.
	From    string   `json:"from,omitzero"`
	To      string   `json:"to,omitzero"`
	UserIDs []string `json:"userIds,omitzero"`
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
