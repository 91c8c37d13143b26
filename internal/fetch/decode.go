package fetch

import (
	"cmp"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/ona"
)

// decode reads a valid JSON object into object, with what the type does not declare in Unknown and
// the JSON itself in Raw, if the type has these. It adds the names of unknown fields to unknown. It
// fails if the type has a field id and the object has none.
func decode[T any](raw jsontext.Value, object *T, unknown fieldSet) error {
	fields, err := readMembers(raw, lenient)
	if err != nil {
		return err
	}
	for _, f := range ona.FieldsOf[T]() {
		value, err := fields.valueOf(f)
		if err == nil && value != nil {
			err = decodeField(f, value, object)
		}
		if err != nil {
			return err
		}
		if f.Name == "id" {
			if _, err := requireID("id", *f.Pointer(object).(*string)); err != nil {
				return err
			}
		}
	}
	unknown.addAll(reflect.TypeFor[T]().Name(), fields)
	kept, received := ona.Received(object)
	if kept == nil {
		return nil
	}
	*kept, *received = nil, stdjson.RawMessage(raw)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := fields.take(name); value != nil {
			if *kept == nil {
				*kept = ona.Unknown{}
			}
			if (*kept)[name], err = canonicalJSON(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// valueOf removes a field and returns its value; nil if it is absent or null. If f.Member is set,
// the value is inside the object f.Name, whose other members stay in m as Name.member.
func (m members) valueOf(f ona.Field) (jsontext.Value, error) {
	if f.Member == "" {
		return m.take(f.Name), nil
	}
	object, err := m.object(f.Name)
	value := object.take(f.Member)
	for name, other := range object {
		m[f.Name+"."+name] = other
	}
	return value, err
}

// decodeField reads the value of one field, which is not null.
func decodeField(f ona.Field, value jsontext.Value, object any) (err error) {
	switch into := f.Pointer(object).(type) {
	case *time.Time:
		var text string
		if text, err = decodeText(f.Name, value); err == nil {
			*into, err = parseInstant(f.Name, text)
		}
	case *[]string:
		// The order of a set means nothing.
		err = unmarshal(f.Name, value, into)
		slices.Sort(*into)
		*into = slices.Compact(*into)
	case *string:
		if *into, err = decodeText(f.Name, value); err == nil && f.ID {
			*into, err = parseID(f.Name, *into)
		}
	default:
		err = unmarshal(f.Name, value, into)
	}
	return err
}

func decodeText(field string, value jsontext.Value) (string, error) {
	if kind := value.Kind(); kind != jsontext.KindString {
		return "", wrongKind(field, kind, "a string")
	}
	return unquote(value), nil
}

var errNull = errors.New("null inside a list or a map")

// noNulls refuses null inside a list or a map, where proto3 JSON does not allow it.
var noNulls = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ *string) error {
	if d.PeekKind() == jsontext.KindNull {
		return errNull
	}
	return errors.ErrUnsupported
}))

// unmarshal reads the value of a field into a pointer to its type.
func unmarshal(field string, value jsontext.Value, into any) error {
	err := json.Unmarshal(value, into, noNulls)
	if errors.Is(err, errNull) {
		return fmt.Errorf("field %s contains null", field)
	}
	return describeField(field, err)
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

// The first and the last instant that proto3 JSON allows, in seconds since 1970: the beginning of
// year 1 and the end of year 9999, UTC.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// parseInstant parses an instant of proto3 JSON, which is RFC 3339 with 0 to 9 fractional digits
// and any offset, and returns it in UTC. Go servers send the first second of year 1 for a time that
// was never set; it becomes the zero time.
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

func decodeSCIM(raw jsontext.Value, unknown fieldSet) (*ona.SCIMConfiguration, error) {
	c := &ona.SCIMConfiguration{}
	return c, decode(raw, c, unknown)
}

func decodeSSO(raw jsontext.Value, unknown fieldSet) (*ona.SSOConfiguration, error) {
	c := &ona.SSOConfiguration{ProviderType: ona.ProviderTypeUnspecified, State: ona.SSOStateUnspecified}
	return c, decode(raw, c, unknown)
}

func decodeDomain(raw jsontext.Value, unknown fieldSet) (*ona.DomainVerification, error) {
	d := &ona.DomainVerification{State: ona.DomainUnspecified}
	return d, decode(raw, d, unknown)
}

func decodeMember(raw jsontext.Value, unknown fieldSet) (*ona.OrganizationMember, error) {
	m := &ona.OrganizationMember{Role: ona.OrganizationRoleUnspecified, Status: ona.UserStatusUnspecified}
	err := decode(raw, m, unknown)
	if err == nil {
		_, err = requireID("userId", m.UserID)
	}
	return m, err
}

func decodeMemberToken(raw jsontext.Value, unknown fieldSet) (*ona.PersonalAccessToken, error) {
	t, found := &ona.PersonalAccessToken{}, fieldSet{}
	err := decode(raw, t, found)
	if err == nil {
		_, err = requireID("userId", t.UserID)
	}
	delete(found, "PersonalAccessToken.creator") // documented, and always the user
	maps.Copy(unknown, found)
	return t, err
}

func decodeEntry(raw jsontext.Value, unknown fieldSet) (*ona.AuditLogEntry, error) {
	e := &ona.AuditLogEntry{}
	err := decode(raw, e, unknown)
	if err == nil && e.CreatedAt.IsZero() {
		err = errors.New("field createdAt is missing")
	}
	return e, err
}

func decodeIdentity(body []byte, unknown fieldSet) (identity ona.Identity, err error) {
	const message = "GetAuthenticatedIdentityResponse"
	answer, err := readAnswer(body)
	if err != nil {
		return identity, err
	}
	subject, err := answer.object("subject")
	if err != nil {
		return identity, err
	}
	id, errID := subject.text("subject.id")
	principal, errPrincipal := subject.text("subject.principal")
	organizationID, errOrganization := answer.text("organizationId")
	tier, errTier := answer.text("organizationTier")
	if err := cmp.Or(errID, errPrincipal, errOrganization, errTier); err != nil {
		return identity, err
	}
	identity.Principal, identity.OrganizationTier = principal, tier
	if identity.SubjectID, err = parseID("subject.id", id); err == nil {
		identity.OrganizationID, err = requireID("organizationId", organizationID)
	}
	unknown.addAll(message, answer)
	unknown.addAll(message+".subject", subject)
	return identity, err
}

func decodeOrganization(body []byte, unknown fieldSet) (o ona.Organization, err error) {
	raw, err := member(body, "GetOrganizationResponse", "organization", unknown)
	if err != nil {
		return o, err
	}
	if raw == nil {
		return o, errors.New("field organization is missing")
	}
	if err = decode(raw, &o, unknown); err != nil {
		err = fmt.Errorf("field organization: %w", err)
	}
	return o, err
}

// statedPolicies are policies and the organization id that the response states; the id is empty if
// it states none.
type statedPolicies struct {
	ona.OrganizationPolicies
	OrganizationID string `api:"organizationId,id"`
}

// decodePolicies returns the policies and the organization id in the response. It returns nil
// policies without an error if the response is the empty message, which says nothing about them.
func decodePolicies(body []byte, unknown fieldSet) (*ona.OrganizationPolicies, string, error) {
	raw, err := member(body, "GetOrganizationPoliciesResponse", "policies", unknown)
	if err != nil || raw == nil {
		return nil, "", err
	}
	var p statedPolicies
	// Dozens of other policies exist. They are kept and compared, but not reported as unknown
	// fields.
	if err := decode(raw, &p, fieldSet{}); err != nil {
		return nil, "", fmt.Errorf("field policies: %w", err)
	}
	return &p.OrganizationPolicies, p.OrganizationID, nil
}

// member returns the one object in a response; nil if the response is the empty message.
func member(body []byte, message, field string, unknown fieldSet) (jsontext.Value, error) {
	answer, err := readAnswer(body)
	if err != nil {
		return nil, err
	}
	object := answer.take(field)
	unknown.addAll(message, answer)
	if object == nil && len(answer) > 0 {
		return nil, fmt.Errorf("no %s in it but the unknown fields %s", field, names(answer))
	}
	return object, checkFailed(answer)
}
