package fetch

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/ona"
)

// Types of API objects.
var (
	organizationType = objectTypeOf[ona.Organization]()
	policiesType     = objectTypeOf[statedPolicies]()
	scimType         = objectTypeOf[ona.SCIMConfiguration]()
	ssoType          = objectTypeOf[ona.SSOConfiguration]()
	entryType        = objectTypeOf[ona.AuditLogEntry]()
)

// objectType is a type of API object: its name and the fields that its struct tags declare.
type objectType struct {
	name   string
	fields []ona.Field
}

func objectTypeOf[T any]() objectType {
	return objectType{reflect.TypeFor[T]().Name(), ona.FieldsOf[T]()}
}

// decode reads a JSON object into the fields of object, a pointer to a struct of this type. It returns
// the fields that the type does not declare, and adds their names to unknown.
func (t objectType) decode(raw jsontext.Value, object any, unknown fieldSet) (ona.Unknown, error) {
	var kept ona.Unknown
	err := eachMember(raw, func(name string, d *jsontext.Decoder) error {
		value, err := d.ReadValue()
		if err != nil {
			return describe(err)
		}
		if i := slices.IndexFunc(t.fields, func(f ona.Field) bool { return f.Name == name }); i >= 0 {
			return decodeField(t.fields[i], value, object)
		}
		unknown.addName(t.name, name)
		if value.Kind() == jsontext.KindNull {
			return nil
		}
		if kept == nil {
			kept = ona.Unknown{}
		}
		kept[name], err = canonicalJSON(value)
		return err
	})
	return kept, err
}

// decodeField reads the value of one field. Null means absent, as everywhere in proto3 JSON.
func decodeField(f ona.Field, value jsontext.Value, object any) (err error) {
	if value.Kind() == jsontext.KindNull {
		return nil
	}
	switch into := f.Pointer(object).(type) {
	case *string:
		if *into, err = decodeText(f.Name, value); err == nil && f.ID {
			*into, err = parseID(f.Name, *into)
		}
	case *bool:
		*into, err = decodeBool(f.Name, value)
	case **bool:
		var b bool
		if b, err = decodeBool(f.Name, value); err == nil {
			*into = &b
		}
	case *time.Time:
		var text string
		if text, err = decodeText(f.Name, value); err == nil {
			*into, err = parseInstant(f.Name, text)
		}
	case *[]string:
		*into, err = decodeSet(f.Name, value)
	case *map[string]string:
		*into, err = decodeMap(f.Name, value)
	default:
		// Only a field of a type that ona.Field.Pointer does not name can cause this.
		panic(fmt.Sprintf("fetch: field %s has type %T", f.Name, into))
	}
	return err
}

func decodeText(field string, value jsontext.Value) (string, error) {
	if kind := value.Kind(); kind != jsontext.KindString {
		return "", wrongKind(field, kind, "a string")
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return string(text), err
}

func decodeBool(field string, value jsontext.Value) (bool, error) {
	switch kind := value.Kind(); kind {
	case jsontext.KindTrue, jsontext.KindFalse:
		return kind == jsontext.KindTrue, nil
	default:
		return false, wrongKind(field, kind, "a boolean")
	}
}

// decodeSet sorts a list that has no order of its own and drops duplicates.
func decodeSet(field string, value jsontext.Value) ([]string, error) {
	var list []*string // proto3 JSON has no null inside a list
	if err := describeField(field, json.Unmarshal(value, &list)); err != nil {
		return nil, err
	}
	var values []string
	for _, text := range list {
		if text == nil {
			return nil, fmt.Errorf("field %s has null in it", field)
		}
		values = append(values, *text)
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

func decodeMap(field string, value jsontext.Value) (map[string]string, error) {
	var wire map[string]*string
	if err := describeField(field, json.Unmarshal(value, &wire)); err != nil || len(wire) == 0 {
		return nil, err
	}
	values := make(map[string]string, len(wire))
	for name, text := range wire {
		if text == nil {
			return nil, fmt.Errorf("field %s has null in it", field)
		}
		values[name] = *text
	}
	return values, nil
}

func parseID(field, id string) (string, error) {
	id, err := ona.ParseID(id)
	if err != nil {
		return "", fmt.Errorf("field %s: %w", field, err)
	}
	return id, nil
}

func requireID(field, id string) (string, error) {
	if id == "" {
		return "", fmt.Errorf("field %s is missing or empty", field)
	}
	return parseID(field, id)
}

// The seconds since 1970 at which the year 1 begins and the year 9999 ends, in UTC: proto3 JSON has no
// instant outside them.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// parseInstant reads RFC 3339 with 0 to 9 fractional digits and any offset, as proto3 JSON has it, into
// UTC. The first second of the year 1, which Go servers send for a time that was never set, is the zero
// time.
func parseInstant(field, text string) (time.Time, error) {
	var t time.Time
	// Unlike time.Parse, UnmarshalText refuses hours of one digit and a comma before the fraction.
	err := t.UnmarshalText([]byte(text))
	_, fraction, _ := strings.Cut(text, ".")
	digits := len(fraction) - len(strings.TrimLeft(fraction, "0123456789"))
	if unix := t.Unix(); err != nil || digits > 9 || unix < firstSecond || unix > lastSecond {
		return time.Time{}, fmt.Errorf("field %s is not a time in RFC 3339: %+q", field, plain(text))
	}
	return t.UTC(), nil
}

func decodeSCIM(raw jsontext.Value, unknown fieldSet) (ona.SCIMConfiguration, error) {
	c := ona.SCIMConfiguration{Raw: stdjson.RawMessage(raw)}
	var err error
	if c.Unknown, err = scimType.decode(raw, &c, unknown); err == nil {
		_, err = requireID("id", c.ID)
	}
	return c, err
}

func decodeSSO(raw jsontext.Value, unknown fieldSet) (ona.SSOConfiguration, error) {
	c := ona.SSOConfiguration{
		ProviderType: ona.ProviderTypeUnspecified, State: ona.SSOStateUnspecified, Raw: stdjson.RawMessage(raw),
	}
	var err error
	if c.Unknown, err = ssoType.decode(raw, &c, unknown); err == nil {
		_, err = requireID("id", c.ID)
	}
	return c, err
}

func decodeEntry(raw jsontext.Value, unknown fieldSet) (ona.AuditLogEntry, error) {
	e := ona.AuditLogEntry{Raw: stdjson.RawMessage(raw)}
	var err error
	if e.Unknown, err = entryType.decode(raw, &e, unknown); err == nil {
		_, err = requireID("id", e.ID)
	}
	if err == nil && e.CreatedAt.IsZero() {
		err = errors.New("field createdAt is missing")
	}
	return e, err
}

func decodeIdentity(body []byte, unknown fieldSet) (ona.Identity, error) {
	const message = "GetAuthenticatedIdentityResponse"
	var w wireIdentity
	if err := decodeAnswer(body, &w); err != nil {
		return ona.Identity{}, err
	}
	unknown.add(message, w.Unknown)
	unknown.add(message+".subject", w.Subject.Unknown)
	subjectID, err := parseID("subject.id", w.Subject.ID)
	if err != nil {
		return ona.Identity{}, err
	}
	organizationID, err := requireID("organizationId", w.OrganizationID)
	return ona.Identity{
		SubjectID: subjectID, Principal: w.Subject.Principal,
		OrganizationID: organizationID, OrganizationTier: w.OrganizationTier,
	}, err
}

func decodeOrganization(body []byte, unknown fieldSet) (ona.Organization, error) {
	var w wireOrganization
	if err := decodeAnswer(body, &w); err != nil {
		return ona.Organization{}, err
	}
	unknown.add("GetOrganizationResponse", w.Unknown)
	if isAbsent(w.Organization) {
		return ona.Organization{}, errors.New("field organization is missing")
	}
	o := ona.Organization{Raw: stdjson.RawMessage(w.Organization)}
	var err error
	if o.Unknown, err = organizationType.decode(w.Organization, &o, unknown); err == nil {
		_, err = requireID("id", o.ID)
	}
	if err != nil {
		err = fmt.Errorf("field organization: %w", err)
	}
	return o, err
}

// statedPolicies are policies with the organization that they name; empty if they name none.
type statedPolicies struct {
	ona.OrganizationPolicies
	OrganizationID string `api:"organizationId,id"`
}

// decodePolicies returns nil policies without an error if the answer is the empty message: it then says
// nothing about the policies. The second value is the organization that they name.
func decodePolicies(body []byte, unknown fieldSet) (*ona.OrganizationPolicies, string, error) {
	var w wirePolicies
	if err := decodeAnswer(body, &w); err != nil {
		return nil, "", err
	}
	unknown.add("GetOrganizationPoliciesResponse", w.Unknown)
	if isAbsent(w.Policies) {
		if len(w.Unknown) > 0 {
			return nil, "", fmt.Errorf("no policies in it but the unknown fields %s", names(w.Unknown))
		}
		return nil, "", nil
	}
	p := statedPolicies{OrganizationPolicies: ona.OrganizationPolicies{Raw: stdjson.RawMessage(w.Policies)}}
	var err error
	// Dozens of other policies exist. They are kept and compared, but they are not news of a newer server.
	if p.Unknown, err = policiesType.decode(w.Policies, &p, fieldSet{}); err != nil {
		return nil, "", fmt.Errorf("field policies: %w", err)
	}
	return &p.OrganizationPolicies, p.OrganizationID, nil
}
