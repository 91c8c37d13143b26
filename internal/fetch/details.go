package fetch

import (
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/encoding/protowire"
)

// connectDetail is a detail of a Connect error: a protobuf message in base64, and on most servers
// the same message as JSON.
type connectDetail struct {
	Type  string         `json:"type"`
	Value string         `json:"value"`
	Debug jsontext.Value `json:"debug"`
}

// typeName returns the detail's type without the address before a slash that Any allows.
func (d connectDetail) typeName() string { return d.Type[strings.LastIndexByte(d.Type, '/')+1:] }

// message returns the protobuf message in value; nil if it is not base64.
func (d connectDetail) message() []byte {
	message, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
	if err != nil {
		return nil
	}
	return message
}

// tierDetail is the type of detail that a server sends if the organization's plan lacks a feature.
const tierDetail = "gitpod.v1.OrganizationTierFailedPreconditionDetails"

// explained are the details for people, by type: the field with the text and the one with its code,
// and their numbers in protobuf. The code of tierDetail is an enum, which only JSON has by name.
// Source: the messages of these names in the API's public TypeScript package.
var explained = map[string]struct {
	text, code             string
	textNumber, codeNumber protowire.Number
}{
	"gitpod.v1.ActionableErrorDetails": {"userMessage", "errorCode", 2, 1},
	tierDetail:                         {"message", "requiredTier", 1, 2},
}

// maxExplained is how many details a message quotes.
const maxExplained = 3

// explain returns what the details say to people, for the end of a message; empty if they say
// nothing.
func (c *Client) explain(details []connectDetail) string {
	if c.settings.Redaction != nil {
		return ""
	}
	var b strings.Builder
	quoted := 0
	for _, detail := range details {
		fields, known := explained[detail.typeName()]
		if !known || quoted == maxExplained {
			continue
		}
		text := string(protobufField(detail.message(), fields.textNumber))
		code := string(protobufField(detail.message(), fields.codeNumber))
		if debug, err := readMembers(detail.Debug); err == nil {
			if t, err := debug.text(fields.text); err == nil && t != "" {
				text = t
			}
			if t, err := debug.text(fields.code); err == nil && t != "" {
				code = t
			}
		}
		if text == "" && code == "" {
			continue
		}
		quoted++
		b.WriteString("; " + c.quote(text))
		if code != "" {
			b.WriteString(" (" + fields.code + " " + c.quote(code) + ")")
		}
	}
	return b.String()
}

// protobufField returns the bytes of a field of a protobuf message, a string or another message;
// nil if the message has no such field or is malformed.
func protobufField(message []byte, field protowire.Number) []byte {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil
		}
		message = message[n:]
		if number == field && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			return value
		}
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return nil
		}
		message = message[n:]
	}
	return nil
}
