package fetch

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// page is one answer of a listing, its rows not yet looked into.
type page struct {
	number int
	rows   []jsontext.Value
	// next is the token of the next page, empty on the last.
	next string
}

func scimPage(body []byte) (wireSCIMPage, error) {
	var w wireSCIMPage
	err := decodeObject(body, &w)
	return w, err
}

func ssoPage(body []byte) (wireSCIMPage, error) {
	var w wireSSOPage
	err := decodeObject(body, &w)
	return wireSCIMPage(w), err
}

// peekToken reads the token of the next page and no more of the answer than it must, so that the next request need not wait until the rows are
// read. Empty says nothing: the answer may be anything. An answer that turns out to be one has this very token, for its names are unique.
func peekToken(body []byte) string {
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginObject {
		return ""
	}
	for d.PeekKind() == jsontext.KindString {
		name, err := d.ReadToken()
		if err != nil {
			return ""
		}
		if name.String() == "pagination" {
			var p wirePagination
			if json.UnmarshalDecode(d, &p) != nil {
				return ""
			}
			return p.NextToken
		}
		if d.SkipValue() != nil {
			return ""
		}
	}
	return ""
}

// checkPage looks for answers that would read as the end of a listing, or as a listing of nothing, and are not.
func checkPage(w wireSCIMPage, field string) error {
	if w.Rows == nil && len(w.Unknown) > 0 {
		return fmt.Errorf("no %s in it but the unknown fields %s", field, names(w.Unknown))
	}
	// What is known is as deep as its types are, and the rows are looked into where they are decoded.
	if w.Unknown.depth() > maxDepth-1 || w.Pagination.Unknown.depth() > maxDepth-2 {
		return errTooDeep
	}
	if name := lookalikeToken(w.Unknown); name != "" {
		return fmt.Errorf("field %s seems to hold a page token, which belongs into pagination.nextToken", name)
	}
	if name := lookalikeToken(w.Pagination.Unknown); name != "" && w.Pagination.NextToken == "" {
		return fmt.Errorf("field pagination.%s seems to hold a page token, which belongs into nextToken", name)
	}
	return nil
}

// lookalikeToken finds a next page's token under another name, such as the next_token of a server that writes protobuf's own field names.
// Passing it over would make a short listing of a long one.
func lookalikeToken(unknown members) string {
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		folded := strings.ToLower(strings.ReplaceAll(name, "_", ""))
		if value := unknown[name]; slices.Contains([]string{"nexttoken", "nextpagetoken", "nextcursor"}, folded) &&
			!isAbsent(value) && string(value) != `""` {
			return plain(name)
		}
	}
	return ""
}

// brokenRow names the first configuration whose JSON is broken in itself, such as by a name that occurs twice; empty when none can be named.
func brokenRow(body []byte, field string) string {
	lenient := json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var answer members
	var rows []jsontext.Value
	if json.Unmarshal(body, &answer, lenient) != nil || json.Unmarshal(answer[field], &rows, lenient) != nil {
		return ""
	}
	for _, row := range rows {
		if !row.IsValid() {
			return configurationID(row)
		}
	}
	return ""
}

func isAbsent(value jsontext.Value) bool {
	return len(value) == 0 || value.Kind() == jsontext.KindNull
}

func names(unknown members) string {
	return plain(strings.Join(slices.Sorted(maps.Keys(unknown)), ", "))
}
