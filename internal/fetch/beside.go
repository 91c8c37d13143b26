package fetch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What an unknown member beside the rows of a page can mean. A member is judged by the words in
// its name, in lower case and without "_", "-" and ".", because nobody can know the names in
// advance.
var (
	// tokenWords are in names of members that hold what requests the next page.
	tokenWords = []string{"next", "token", "cursor", "continu", "scroll", "resume"}
	// moreWords are in names of members that say that rows are missing.
	moreWords = []string{
		"more", "truncat", "partial", "incomplete", "remaining", "omitted", "skipped", "dropped", "missing",
		"unreachable", "unavailable", "lastevaluated", "capped", "overflow", "exceeded", "degraded", "stale",
		"excluded", "filtered", "hidden", "limited",
	}
	// failureWords are in names of members that say that something failed.
	failureWords = []string{
		"error", "fail", "exception", "warning", "denied", "timeout", "timedout", "problem", "abort", "interrupt",
		"cancel", "retry",
	}
	// codeNames are members that say that something failed unless their value is one of fineCodes.
	codeNames = []string{"code", "status", "statuscode", "message", "reason", "details"}
	fineCodes = []string{"0", "200", "ok", "success"}
	// wholeNames are members that say that something failed or is missing if they are false, lastNames
	// those that are false on each page but the last.
	wholeNames = []string{"complete", "iscomplete", "success", "ok"}
	lastNames  = []string{
		"done", "last", "islast", "lastpage", "islastpage", "end", "isend", "final", "isfinal", "finished", "exhausted",
	}
	// totalNames are members that count the rows of the whole list, pagesNames its pages.
	totalNames = []string{
		"total", "totalsize", "totalcount", "totalresults", "totalitems", "totalrecords", "count",
		"totalelements", "totalentries", "totalhits", "totalrows", "numfound", "rowcount", "itemcount", "resultcount",
	}
	pagesNames = []string{"totalpages", "pagecount", "numpages", "pages", "lastpage"}
)

// checkBeside refuses a page with an unknown member that can mean that the list has more, or that
// something failed. Other unknown members are only reported.
func checkBeside(p page) error {
	if err := checkMembers(p, "", p.unknown); err != nil {
		return err
	}
	return checkMembers(p, "pagination.", p.pagination.Unknown)
}

// checkFailed refuses a response of one object with an unknown member beside it that can mean that
// something failed.
func checkFailed(unknown members) error {
	notTheLast := page{pagination: wirePagination{NextToken: "next"}} // that there is more means nothing here
	return checkMembers(notTheLast, "", unknown)
}

func checkMembers(p page, path string, unknown members) error {
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		value := unknown[name]
		if meaning := p.meaningOf(name, value); meaning != "" {
			return fmt.Errorf("the unknown field %s %s", plain(path+name), meaning)
		}
		for _, inner := range objectsIn(value) {
			if err := checkMembers(p, path+name+".", inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// meaningOf returns what can follow from a member, as the end of a sentence; empty if nothing. That
// there is more means nothing on a page that is not the last, nor does the page's own token.
func (p page) meaningOf(name string, value jsontext.Value) string {
	folded := foldName(name)
	in := func(words []string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(folded, word) })
	}
	switch {
	case value.Kind() == jsontext.KindFalse && (slices.Contains(wholeNames, folded) ||
		p.next() == "" && slices.Contains(lastNames, folded)):
		return "is false, so the list may not be whole"
	case isEmpty(value):
		return ""
	case slices.Contains(codeNames, folded):
		if slices.Contains(fineCodes, strings.ToLower(strings.Trim(string(value), `"`))) {
			return ""
		}
		return "can mean that something failed: " + plain(string(value))
	case in(failureWords):
		return "can mean that something failed: " + plain(string(value))
	case p.next() != "" || strings.HasPrefix(folded, "prev"):
		return ""
	case value.Kind() == jsontext.KindString && unquote(value) == p.token:
		return ""
	case in(tokenWords):
		return "looks like a page token, which belongs in pagination.nextToken"
	case in(moreWords):
		return "can mean that the list has more: " + plain(string(value))
	}
	return ""
}

// objectsIn returns the object that a value is, or the objects in a list.
func objectsIn(value jsontext.Value) (objects []members) {
	values := []jsontext.Value{value}
	if value.Kind() == jsontext.KindBeginArray {
		_ = json.Unmarshal(value, &values, lenient) // cannot fail for valid JSON
	}
	for _, v := range values {
		var inner members
		if v.Kind() == jsontext.KindBeginObject && json.Unmarshal(v, &inner, lenient) == nil {
			objects = append(objects, inner)
		}
	}
	return objects
}

// checkTotal refuses the last page of a listing with fewer rows or pages than an unknown member
// counts.
func checkTotal(p page, received int) error {
	if p.next() != "" {
		return nil
	}
	return cmp.Or(checkCounts(p, "", p.unknown, received), checkCounts(p, "pagination.", p.pagination.Unknown, received))
}

func checkCounts(p page, path string, unknown members, received int) error {
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		value := unknown[name]
		for _, inner := range objectsIn(value) {
			if err := checkCounts(p, path+name+".", inner, received); err != nil {
				return err
			}
		}
		text := strings.Trim(string(value), `"`) // an int64 is a string
		counted, err := strconv.ParseFloat(text, 64)
		isTotal := slices.Contains(totalNames, foldName(name))
		if foldName(name) == "value" { // the API's own counts are objects: "count": {"value": "250"}
			parent := strings.TrimSuffix(path, ".")
			isTotal = slices.Contains(totalNames, foldName(parent[strings.LastIndex(parent, ".")+1:]))
		}
		switch {
		case err != nil:
		case counted > float64(received) && isTotal:
			return fmt.Errorf("the unknown field %s counts %s, but %d rows were listed", plain(path+name), text, received)
		case counted > float64(p.number) && slices.Contains(pagesNames, foldName(name)):
			return fmt.Errorf("the unknown field %s counts %s, but %d pages were listed", plain(path+name), text, p.number)
		}
	}
	return nil
}

func foldName(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
}

// isEmpty reports whether a value says nothing: null, false, 0, "", or an empty list or object.
func isEmpty(value jsontext.Value) bool {
	text := strings.Join(strings.Fields(string(value)), "")
	return slices.Contains([]string{"null", "false", "0", `""`, `"0"`, "[]", "{}"}, text)
}
