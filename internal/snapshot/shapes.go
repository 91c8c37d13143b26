package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// The JSON of most SCIM configurations differs in the values alone, and these are in columns already. So what they have in common is kept
// once, as a shape: the JSON with a control character, which no JSON text has unescaped (RFC 8259, section 7), in the place of each value
// that is written there as its column has it. A row whose JSON nobody shares is stored as it is.

// shapeValues are the columns that a shape has places for; char(i+1) stands for the value of the i-th.
var shapeValues = []string{"id", "stated_organization_id", "name", "sso_configuration_id", "created_at", "updated_at", "token_expires_at"}

// firstShapeTime is the place in shapeValues from which on the columns are instants. An instant stands in the JSON with some of its nine
// digits, which the shape counts.
const firstShapeTime = 4

// shape is a row of raw_shapes without its key.
type shape struct {
	text    string
	lengths [3]int // characters of each instant before its Z
}

func shapedTable(name string, columns ...string) table {
	t := newTable(name, append(columns, "raw_shape")...)
	t.reads[0] = statedOrganization
	t.reads[t.raw] = rawFromShape
	t.reads[len(t.reads)-1] = "NULL" // how a row is stored is no part of what it means
	for _, name := range shapeValues {
		t.shaped = append(t.shaped, slices.Index(columns, name)+1) // the id, which is no column, is the first
	}
	return t
}

// statedOrganization is the organization that a configuration itself names, which nearly always is the one that lists it.
const statedOrganization = `coalesce(v.stated_organization_id, (SELECT o.id FROM organizations o WHERE o.key = v.organization_key))`

// rawFromShape is what the views do too.
const rawFromShape = `CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
	SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
		char(1), v.id),
		char(2), ` + statedOrganization + `),
		char(3), v.name),
		char(4), v.sso_configuration_id),
		char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
		char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
		char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
	FROM raw_shapes p
	WHERE p.key = v.raw_shape
) END`

// placeholders are the characters that stand for shapeValues.
const placeholders = "\x01\x02\x03\x04\x05\x06\x07"

// shapes turn an organization's rows into how they are stored and back. Of a table whose rows are stored as they are they leave all alone.
type shapes struct {
	table        table
	organization any // its id
	byKey        map[int64]cutShape
	known        map[shape]int64
	recent       []cutShape // the last few of other rows, which nearly every row has too; the last one in front
	// alone are shapes that one row alone has had so far, fresh those that are to be stored because more have.
	alone map[shape]bool
	fresh []shape
}

func (t table) readShapes(ctx context.Context, tx *sql.Tx, organizationKey int64) (*shapes, error) {
	s := &shapes{table: t}
	if t.shaped == nil {
		return s, nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT id FROM organizations WHERE key = ?", organizationKey).Scan(&s.organization); err != nil {
		return nil, fmt.Errorf("reading the organization: %w", err)
	}
	all, err := queryAll(ctx, tx, "reading shapes", func(row *sql.Rows) (cutShape, error) {
		var c cutShape
		return c, row.Scan(&c.key, &c.shape.text, &c.shape.lengths[0], &c.shape.lengths[1], &c.shape.lengths[2])
	}, "SELECT key, shape, created_at_length, updated_at_length, token_expires_at_length FROM raw_shapes ORDER BY key")
	if err != nil {
		return nil, err
	}
	s.byKey, s.known, s.alone = make(map[int64]cutShape, len(all)), make(map[shape]int64, len(all)), make(map[shape]bool)
	for _, k := range all {
		s.byKey[k.key], s.known[k.shape] = cut(k.shape), k.key
	}
	return s, nil
}

// fill gives a stored row the values that it means. Where its JSON is that of the other row, it is not made anew.
func (s *shapes) fill(stored, other row) error {
	t := s.table
	if t.shaped == nil {
		return nil
	}
	if stored.values[1] == nil {
		stored.values[1] = s.organization
	}
	last := len(stored.values) - 1
	key, shaped := stored.values[last].(int64)
	if !shaped {
		return nil
	}
	c, found := s.byKey[key]
	if !found {
		return fmt.Errorf("row %s has the shape %d, which is not there: %w", stored.id(), key, ErrDamaged)
	}
	stored.values[last] = nil
	texts, raw := t.shapeTexts(stored.values), other.values[t.raw+1]
	if text, ok := raw.(string); !ok || !c.gives(text, &texts) {
		raw = c.expand(&texts)
	}
	stored.values[t.raw+1] = raw
	return nil
}

// mostAlone bounds the memory that a listing takes in which every row has a shape of its own.
const mostAlone = 1000

// note has a row's shape stored when a second row with it comes, be it only that both are in the listing.
func (s *shapes) note(r row) {
	t := s.table
	if t.shaped == nil {
		return
	}
	raw, texts := r.values[t.raw+1].(string), t.shapeTexts(r.values)
	if _, ok := s.findRecent(raw, &texts); ok {
		return
	}
	found := findShape(raw, &texts)
	if found.parts == nil {
		return
	}
	if _, known := s.known[found.shape]; !known {
		if !s.alone[found.shape] {
			if len(s.alone) == mostAlone {
				clear(s.alone)
			}
			s.alone[found.shape] = true
			return
		}
		s.known[found.shape] = 0
		s.fresh = append(s.fresh, found.shape)
	}
	s.used(found)
}

// mostRecent is enough for servers that write as many digits of a second as there are.
const mostRecent = 8

func (s *shapes) findRecent(raw string, texts *shapeTexts) (cutShape, bool) {
	for i, c := range s.recent {
		if c.fits(raw, texts) {
			copy(s.recent[1:i+1], s.recent[:i])
			s.recent[0] = c
			return c, true
		}
	}
	return cutShape{}, false
}

func (s *shapes) used(c cutShape) {
	s.recent = slices.Insert(s.recent, 0, c)
	s.recent = s.recent[:min(len(s.recent), mostRecent)]
}

// store stores the shapes that rows were noted to share.
func (s *shapes) store(ctx context.Context, tx *sql.Tx) error {
	for _, f := range s.fresh {
		result, err := tx.ExecContext(ctx, `
			INSERT INTO raw_shapes (shape, created_at_length, updated_at_length, token_expires_at_length)
			VALUES (?, ?, ?, ?)`, f.text, f.lengths[0], f.lengths[1], f.lengths[2])
		if err != nil {
			return fmt.Errorf("storing a shape: %w", err)
		}
		if s.known[f], err = result.LastInsertId(); err != nil {
			return fmt.Errorf("storing a shape: %w", err)
		}
	}
	s.fresh, s.recent = nil, nil // those have no key
	return nil
}

// pack changes a row into how it is stored: without the organization where it is the one that lists the row, and with the key of its shape in
// place of its JSON.
func (s *shapes) pack(values []any) {
	t := s.table
	if t.shaped == nil {
		return
	}
	raw, texts := values[t.raw+1].(string), t.shapeTexts(values)
	c, ok := s.findRecent(raw, &texts)
	if !ok {
		c = findShape(raw, &texts)
		if c.key = s.known[c.shape]; c.key != 0 {
			s.used(c)
		}
	}
	if values[1] == s.organization {
		values[1] = nil
	}
	if c.key != 0 {
		values[t.raw+1], values[len(values)-1] = nil, c.key
	}
}

// findShape is the shape of a row's JSON; the zero one where there is none that gives the JSON back.
func findShape(raw string, texts *shapeTexts) cutShape {
	s := shape{text: raw}
	for i, v := range texts {
		place := placeholders[i : i+1]
		if i < firstShapeTime {
			if v != "" {
				s.text = strings.Replace(s.text, `"`+v+`"`, `"`+place+`"`, 1)
			}
			continue
		}
		if at, n := findInstant(s.text, v); n > 0 {
			s.text, s.lengths[i-firstShapeTime] = s.text[:at]+place+s.text[at+n+len("Z"):], n
		}
	}
	// A value or JSON of hostile making can have such characters itself.
	if c := cut(s); c.fits(raw, texts) {
		return c
	}
	return cutShape{}
}

// wholeSecond is as much of an instant as every spelling of it in UTC has.
const wholeSecond = len("2006-01-02T15:04:05")

// findInstant finds where a JSON text has an instant as a string in UTC, with whatever digits, and the length of that up to its Z; 0 where it
// does not.
func findInstant(text, instant string) (at, n int) {
	if instant == "" {
		return 0, 0
	}
	at = strings.Index(text, `"`+instant[:wholeSecond])
	if at < 0 {
		return 0, 0
	}
	at++
	n = strings.IndexByte(text[at:], '"') - len("Z")
	if n < wholeSecond || n > len(instant)-len("Z") || text[at:at+n] != instant[:n] || text[at+n] != 'Z' {
		return 0, 0
	}
	return at, n
}

// shapeTexts are a row's values for shapeValues; empty where absent.
type shapeTexts [len(placeholders)]string

func (t table) shapeTexts(values []any) (texts shapeTexts) {
	for i, c := range t.shaped {
		texts[i], _ = values[c].(string)
	}
	return texts
}

// cutShape is a shape cut at its places.
type cutShape struct {
	shape shape
	key   int64 // 0 for a shape that is not stored
	parts []part
}

// part is a value's place in a shape and the text after it.
type part struct {
	place int // in shapeValues, -1 for what is before the first
	after string
}

func cut(s shape) cutShape {
	c := cutShape{shape: s, parts: []part{{place: -1}}}
	from := 0
	for at := range len(s.text) {
		if place := int(s.text[at]) - 1; place >= 0 && place < len(placeholders) {
			c.parts[len(c.parts)-1].after = s.text[from:at]
			c.parts, from = append(c.parts, part{place: place}), at+1
		}
	}
	c.parts[len(c.parts)-1].after = s.text[from:]
	return c
}

// value is what stands in a place for one of the texts, and what follows it there.
func (c cutShape) value(place int, texts *shapeTexts) (value, end string) {
	switch {
	case place < 0:
		return "", ""
	case place < firstShapeTime:
		return texts[place], ""
	case texts[place] == "":
		return "", "" // as the views have it; only a row that was altered gets here
	}
	return texts[place][:max(0, min(c.shape.lengths[place-firstShapeTime], len(texts[place])))], "Z"
}

// gives says whether expand gives the JSON.
func (c cutShape) gives(raw string, texts *shapeTexts) bool {
	for _, p := range c.parts {
		value, end := c.value(p.place, texts)
		n, m := len(value), len(value)+len(end)
		if len(raw) < m || raw[:n] != value || raw[n:m] != end || !strings.HasPrefix(raw[m:], p.after) {
			return false
		}
		raw = raw[m+len(p.after):]
	}
	return raw == "" && len(c.parts) > 0
}

// fits says whether a row with the JSON can have the shape: that expand gives it, and the views do too, which would take what a value has of
// such characters for a place.
func (c cutShape) fits(raw string, texts *shapeTexts) bool {
	if !c.gives(raw, texts) {
		return false
	}
	for _, p := range c.parts {
		if value, _ := c.value(p.place, texts); strings.ContainsAny(value, placeholders) {
			return false
		}
	}
	return true
}

// expand is what rawFromShape gives.
func (c cutShape) expand(texts *shapeTexts) string {
	var b strings.Builder
	b.Grow(len(c.shape.text) + 256)
	for _, p := range c.parts {
		value, end := c.value(p.place, texts)
		b.WriteString(value)
		b.WriteString(end)
		b.WriteString(p.after)
	}
	return b.String()
}
