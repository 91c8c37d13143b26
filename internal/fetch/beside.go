package fetch

import (
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
	}
	// failureWords are in names of members that say that something failed.
	failureWords = []string{
		"error", "fail", "exception", "warning", "denied", "timeout", "timedout", "problem", "abort", "interrupt",
		"cancel", "retry",
	}
	// codeNames are members that say that something failed unless their value is one of fineCodes.
	codeNames = []string{"code", "status", "statuscode", "message", "reason", "details"}
	fineCodes = []string{"0", "200", "ok", "success"}
	// wholeNames are members that say that something failed or is missing if they are false.
	wholeNames = []string{
		"complete", "iscomplete", "success", "ok", "done", "last", "islast", "lastpage", "islastpage",
	}
	// totalNames are members that count the rows of the whole list, pagesNames its pages.
	totalNames = []string{
		"total", "totalsize", "totalcount", "totalresults", "totalitems", "totalrecords", "count",
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

func checkMembers(p page, path string, unknown members) error {
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		value := unknown[name]
		var inner members
		if value.Kind() == jsontext.KindBeginObject && json.Unmarshal(value, &inner, lenient) == nil {
			if err := checkMembers(p, path+name+".", inner); err != nil {
				return err
			}
		}
		if meaning := p.meaningOf(name, value); meaning != "" {
			return fmt.Errorf("the unknown field %s %s", plain(path+name), meaning)
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
	case value.Kind() == jsontext.KindFalse && slices.Contains(wholeNames, folded):
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

// checkTotal refuses the last page of a listing with fewer rows or pages than an unknown member
// counts.
func checkTotal(p page, received int) error {
	if p.next() != "" {
		return nil
	}
	for _, beside := range []members{p.unknown, p.pagination.Unknown} {
		for _, name := range slices.Sorted(maps.Keys(beside)) {
			counted, err := strconv.Atoi(strings.Trim(string(beside[name]), `"`)) // an int64 is a string
			switch folded := foldName(name); {
			case err != nil:
			case counted > received && slices.Contains(totalNames, folded):
				return fmt.Errorf("the unknown field %s counts %d, but %d rows were listed", plain(name), counted, received)
			case counted > p.number && slices.Contains(pagesNames, folded):
				return fmt.Errorf("the unknown field %s counts %d, but %d pages were listed", plain(name), counted, p.number)
			}
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
