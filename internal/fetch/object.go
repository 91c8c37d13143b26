package fetch

import (
	"bytes"
	"fmt"
	"iter"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// objectMembers gives the members of a JSON object in order: their names, unescaped, and their values. The object must be valid JSON with
// unique names and no space around it, as every row of a page is: the page was decoded strictly as a whole, so that what is left to do is to
// find where each member ends. Decoding each row again through reflection took a third of a listing's time.
func objectMembers(object jsontext.Value) iter.Seq2[[]byte, jsontext.Value] {
	return func(yield func([]byte, jsontext.Value) bool) {
		for rest := afterSpace(object[1:]); rest[0] != '}'; {
			end := valueEnd(rest)
			name := unquoted(rest[:end])
			rest = afterSpace(afterSpace(rest[end:])[1:]) // a colon stands between
			end = valueEnd(rest)
			value := rest[:end:end]
			if rest = afterSpace(rest[end:]); rest[0] == ',' {
				rest = afterSpace(rest[1:])
			}
			if !yield(name, value) {
				return
			}
		}
	}
}

func afterSpace(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\n' || text[0] == '\t' || text[0] == '\r') {
		text = text[1:]
	}
	return text
}

// valueEnd counts the bytes of the valid JSON value that text begins with.
func valueEnd(text []byte) int {
	switch text[0] {
	case '"':
		return 1 + stringEnd(text[1:])
	case '{', '[':
		return nestedEnd(text)
	}
	if end := bytes.IndexAny(text, ",}] \n\t\r"); end >= 0 {
		return end
	}
	return len(text)
}

// nestedEnd is valueEnd for an object or a list.
func nestedEnd(text []byte) int {
	level := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i+1:])
		case '{', '[':
			level++
		case '}', ']':
			if level--; level == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// unquoted is the text of a valid JSON string: where nothing in it is escaped, a part of it and no copy.
func unquoted(text jsontext.Value) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1]
	}
	plain, _ := jsontext.AppendUnquote(nil, text) // a string that was found valid cannot fail
	return plain
}

// memberText is the text of a string member, nil where it is null, which stands for absent.
func memberText(field string, value jsontext.Value) ([]byte, error) {
	switch kind := value.Kind(); kind {
	case jsontext.KindString:
		return unquoted(value), nil
	case jsontext.KindNull:
		return nil, nil
	default:
		return nil, wrongKind(field, kind, "a string")
	}
}

// memberFlag is the value of a boolean member, nil where it is null.
func memberFlag(field string, value jsontext.Value) (*bool, error) {
	switch kind := value.Kind(); kind {
	case jsontext.KindTrue, jsontext.KindFalse:
		flag := kind == jsontext.KindTrue
		return &flag, nil
	case jsontext.KindNull:
		return nil, nil
	default:
		return nil, wrongKind(field, kind, "a boolean")
	}
}

func memberID(field string, value jsontext.Value) (string, error) {
	text, err := memberText(field, value)
	if err != nil {
		return "", err
	}
	return normalID(field, string(text))
}

func memberInstant(field string, value jsontext.Value) (time.Time, error) {
	text, err := memberText(field, value)
	if text == nil {
		return time.Time{}, err
	}
	return parseInstant(field, text)
}

func wrongKind(field string, kind jsontext.Kind, want string) error {
	return fmt.Errorf("field %s is %s, not %s", field, kindNames[kind], want)
}
