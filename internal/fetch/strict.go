package fetch

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxDepth    = 64  // how deep an answer may be nested
	rowDepth    = 3   // the levels around a value in a row: the answer, its list and the row
	maxIDLength = 255 // bytes

	// The seconds since 1970 at which the year 1 begins and the year 9999 ends, in UTC: proto3 JSON has no instant outside them.
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

var errTooDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)

// decodeObject reads one JSON object into a wire type. Its errors name the field.
func decodeObject(body []byte, into any) error {
	if err := isObject(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return describe(err)
	}
	return nil
}

func isObject(text jsontext.Value) error {
	if text.Kind() != jsontext.KindBeginObject {
		return fmt.Errorf("not a JSON object: %s", beginning(text))
	}
	return nil
}

// decodeAnswer is decodeObject for the body of an answer.
func decodeAnswer(body []byte, into any) error {
	if depth(body) > maxDepth {
		return errTooDeep
	}
	return decodeObject(body, into)
}

// depth is the deepest nesting of JSON text. In text that is not JSON the number means nothing, and decoding tells.
func depth(body []byte) int {
	level, deepest := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i += stringEnd(body[i+1:])
		case '{', '[':
			level++
			deepest = max(deepest, level)
		case '}', ']':
			level--
		}
	}
	return deepest
}

// stringEnd counts the bytes up to and with the quotation mark that ends the string whose inside text begins with.
func stringEnd(text []byte) int {
	for at := 0; ; {
		quote := bytes.IndexByte(text[at:], '"')
		if quote < 0 {
			return len(text)
		}
		escape := bytes.IndexByte(text[at:at+quote], '\\')
		if escape < 0 {
			return at + quote + 1
		}
		at = min(at+escape+2, len(text)) // the byte after a backslash never ends the string
	}
}

func beginning(body []byte) string {
	if text := plain(string(body[:min(len(body), 100)])); text != "" {
		return fmt.Sprintf("%q", text)
	}
	return "it is empty"
}

var kindNames = map[jsontext.Kind]string{
	jsontext.KindNull: "null", jsontext.KindFalse: "a boolean", jsontext.KindTrue: "a boolean", jsontext.KindString: "a string",
	jsontext.KindNumber: "a number", jsontext.KindBeginObject: "an object", jsontext.KindBeginArray: "a list",
}

// describe words an error of the JSON library for the reader of a log, who knows field names but not Go.
func describe(err error) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok || semantic.GoType == nil || kindNames[semantic.JSONKind] == "" {
		return errors.New(plain(err.Error()))
	}
	field := strings.Join(slices.Collect(semantic.JSONPointer.Tokens()), ".")
	return fmt.Errorf("field %s is %s, not %s", plain(field), kindNames[semantic.JSONKind], typeName(semantic.GoType))
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

// lowerUUID is an id of the form of RFC 9562, 8-4-4-4-12 hexadecimal digits, in lower case; false for another. A regular expression took a
// tenth of a listing's time.
func lowerUUID(id string) (lower string, ok bool) {
	if len(id) != 36 {
		return "", false
	}
	upper := false
	for i := range len(id) {
		switch b := id[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if b != '-' {
				return "", false
			}
		case '0' <= b && b <= '9' || 'a' <= b && b <= 'f':
		case 'A' <= b && b <= 'F':
			upper = true
		default:
			return "", false
		}
	}
	if upper {
		id = strings.ToLower(id)
	}
	return id, true
}

// normalID puts a UUID into lower case and keeps any other id as it is, as long as a report can show it. An empty id stays empty.
func normalID(field, id string) (string, error) {
	if lower, ok := lowerUUID(id); ok {
		return lower, nil
	}
	switch {
	case len(id) > maxIDLength:
		return "", fmt.Errorf("field %s is longer than %d bytes", field, maxIDLength)
	case strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("field %s has a character that cannot be printed: %+q", field, id)
	case strings.TrimSpace(id) != id:
		return "", fmt.Errorf("field %s has a space around it: %q", field, id)
	}
	return id, nil
}

// requiredID is normalID for an id that must be there.
func requiredID(field, id string) (string, error) {
	if id == "" {
		return "", fmt.Errorf("field %s is missing or empty", field)
	}
	return normalID(field, id)
}

// instant is parseInstant for a field that may be absent, which is the zero time.
func instant(field string, text *string) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	return parseInstant(field, []byte(*text))
}

// parseInstant reads RFC 3339 with 0 to 9 fractional digits and any offset, as proto3 JSON has it, into UTC. The zero time is also the year
// 1's first second, which Go servers send for a time that was never set.
func parseInstant(field string, text []byte) (time.Time, error) {
	_, fraction, _ := bytes.Cut(text, []byte("."))
	digits := 0
	for digits < len(fraction) && '0' <= fraction[digits] && fraction[digits] <= '9' {
		digits++
	}
	var t time.Time
	// Unlike time.Parse, UnmarshalText holds to RFC 3339: it refuses 1-digit hours and a comma before the fraction.
	err := t.UnmarshalText(text)
	if unix := t.Unix(); err != nil || digits > 9 || unix < firstSecond || unix > lastSecond {
		return time.Time{}, fmt.Errorf("field %s is not a time in RFC 3339: %+q", field, plain(string(text)))
	}
	return t.UTC(), nil
}

// set sorts a list that has no order of its own and drops what it holds twice.
func set(field string, list []*string) ([]string, error) {
	var values []string
	for _, value := range list {
		if value == nil {
			return nil, fmt.Errorf("field %s has null in it", field)
		}
		values = append(values, *value)
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

// fieldSet collects the fields of answers that this version does not know, as Type.field.
type fieldSet map[string]struct{}

func (f fieldSet) sorted() []string { return slices.Sorted(maps.Keys(f)) }

func (f fieldSet) add(owner string, unknown members) {
	for name := range unknown {
		f[owner+"."+plain(name)] = struct{}{}
	}
}

// keep notes the unknown fields and gives their values as canonical JSON (RFC 8785, but with integers as they were written: doubles would cut
// them). A null is absent, as everywhere in proto3 JSON.
func (f fieldSet) keep(owner string, unknown members) (map[string]stdjson.RawMessage, error) {
	f.add(owner, unknown)
	var kept map[string]stdjson.RawMessage
	for name, value := range unknown {
		if value.Kind() == jsontext.KindNull {
			continue
		}
		if depth(value) > maxDepth-rowDepth {
			return nil, errTooDeep
		}
		if err := value.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
			return nil, describe(err)
		}
		if kept == nil {
			kept = make(map[string]stdjson.RawMessage, len(unknown))
		}
		kept[name] = stdjson.RawMessage(value)
	}
	return kept, nil
}

// configurationID finds the id in a row that cannot be accepted, so that the error can name it; empty when there is none to show.
func configurationID(row []byte) string {
	var found struct {
		ID any `json:"id"`
	}
	err := json.Unmarshal(row, &found, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	id, ok := found.ID.(string)
	if err != nil || !ok {
		return ""
	}
	return plain(id)
}
