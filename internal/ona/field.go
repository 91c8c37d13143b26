package ona

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Field is a field of an API object. The struct tag `api` declares it: `api:"createdAt"`, or
// `api:"ssoConfigurationId,id"` if the value is an id, `api:"inviteDomains,domains"` if the value
// is the member "domains" of an object. The tag is all that reading the field from an answer
// (package fetch) and writing it as canonical JSON need.
type Field struct {
	// Name is the API's name.
	Name string
	// ID is set if ParseID reads the value.
	ID bool
	// Member is the member of the object that holds the value; empty if the field itself holds it.
	Member string

	index []int
}

// knownFields has the fields of each type that was asked for.
var knownFields sync.Map // []Field by reflect.Type

// FieldsOf returns the fields of T, a struct with `api` tags, in the order of declaration.
func FieldsOf[T any]() []Field {
	object := reflect.TypeFor[T]()
	if known, found := knownFields.Load(object); found {
		return known.([]Field)
	}
	var fields []Field
	for _, f := range reflect.VisibleFields(object) {
		if tag, ok := f.Tag.Lookup("api"); ok {
			name, option, _ := strings.Cut(tag, ",")
			field := Field{Name: name, Member: option, index: f.Index}
			if option == "id" {
				field.ID, field.Member = true, ""
			}
			fields = append(fields, field)
		}
	}
	knownFields.Store(object, fields)
	return fields
}

// Pointer returns a pointer to the field's value in object, which is a pointer to the struct. Its
// type is *string, *bool, **bool, *time.Time, *[]string or *map[string]string.
func (f Field) Pointer(object any) any {
	return reflect.ValueOf(object).Elem().FieldByIndex(f.index).Addr().Interface()
}

// Received returns pointers to the fields Unknown and Raw of object, which is a pointer to a struct;
// nil if it has none.
func Received(object any) (unknown *Unknown, raw *json.RawMessage) {
	value := reflect.ValueOf(object).Elem()
	if kept := value.FieldByName("Unknown"); kept.IsValid() {
		unknown = kept.Addr().Interface().(*Unknown)
		raw = value.FieldByName("Raw").Addr().Interface().(*json.RawMessage)
	}
	return unknown, raw
}

// Canonical returns the configuration as canonical JSON: the API's field names, sorted, without
// fields that are not reported, instants as FormatTime writes them. Two configurations are the same
// if and only if their canonical JSON is.
func (c SCIMConfiguration) Canonical() string { return canonical(&c, c.Unknown) }

// Canonical returns the configuration as canonical JSON, see SCIMConfiguration.Canonical.
func (c SSOConfiguration) Canonical() string { return canonical(&c, c.Unknown) }

// Canonical returns the policies as canonical JSON, see SCIMConfiguration.Canonical.
func (p OrganizationPolicies) Canonical() string { return canonical(&p, p.Unknown) }

// Canonical returns the verification as canonical JSON, see SCIMConfiguration.Canonical.
func (d DomainVerification) Canonical() string { return canonical(&d, d.Unknown) }

// Canonical returns the member as canonical JSON, see SCIMConfiguration.Canonical.
func (m OrganizationMember) Canonical() string { return canonical(&m, m.Unknown) }

// Canonical returns the token as canonical JSON, see SCIMConfiguration.Canonical.
func (t PersonalAccessToken) Canonical() string { return canonical(&t, t.Unknown) }

// Canonical returns the entry as canonical JSON, see SCIMConfiguration.Canonical.
func (e AuditLogEntry) Canonical() string { return canonical(&e, e.Unknown) }

// CanonicalUnknown returns the unknown fields as one canonical JSON object, or "" if there are
// none.
func CanonicalUnknown(unknown Unknown) string {
	if len(unknown) == 0 {
		return ""
	}
	return canonical(&struct{}{}, unknown)
}

// canonical relies on encoding/json, which writes the keys of a map in order.
func canonical[T any](object *T, unknown Unknown) string {
	fields := FieldsOf[T]()
	members := make(map[string]any, len(fields)+len(unknown))
	for name, value := range unknown {
		members[name] = value
	}
	for _, f := range fields {
		members[f.Name] = jsonValue(f.Pointer(object))
	}
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	return JSON(members)
}

// JSON returns a value as canonical JSON: the keys of a map in order, nothing escaped for HTML. It
// panics if the value cannot be encoded: only a RawMessage that is not JSON can cause this, and
// package fetch makes none.
func JSON(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("ona: canonical JSON: " + err.Error())
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// jsonValue returns what a field's pointer points to, or nil if the API did not report it.
func jsonValue(pointer any) any {
	switch p := pointer.(type) {
	case *bool:
		return *p
	case **bool:
		if *p != nil {
			return **p
		}
	case *time.Time:
		if !p.IsZero() {
			return FormatTime(*p)
		}
	default:
		if v := reflect.ValueOf(p).Elem(); v.Len() > 0 {
			return v.Interface()
		}
	}
	return nil
}

// Layouts of instants; all are UTC.
const (
	// TimeLayout is how an instant of the API is stored and compared: RFC 3339 with nine digits, so
	// that texts sort as the instants do.
	TimeLayout = "2006-01-02T15:04:05.000000000Z"
	// DisplayTime is the layout of an instant in a sentence: whole seconds.
	DisplayTime = "2006-01-02 15:04:05 UTC"
)

// FormatTime writes an instant in TimeLayout, and the zero time, which means not reported, as "".
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeLayout)
}

// ParseTime reads what FormatTime wrote.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(TimeLayout, s)
}

// Days writes a length of time in whole days, of which n have passed.
func Days(n int) string {
	switch n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
