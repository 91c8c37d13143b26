package fetch

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep an answer may be nested.
const maxDepth = 64

var errTooDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)

// lenient reads again what was already found valid, or what was refused.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// decodeAnswer reads the body of an answer, one JSON object, into a wire type. Errors name the
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

// eachMember calls member for each member of a JSON object, which must be all of the text. member
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
		return errors.New("more follows after the JSON object")
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

// rowDepth is the levels around a value in a row: the answer, its list and the row.
const rowDepth = 3

// canonicalJSON returns a copy of a value in the form of RFC 8785, but with integers as they were
// written: as doubles they would lose digits.
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

// describe words an error of the JSON library for a reader of logs, who knows field names but not
// Go.
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

// configurationID finds the id in a row that was refused, so that the error can name it; empty if
// there is none to show.
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
