package settings

import (
	"slices"
	"strings"
	"testing"
)

func TestAListOfLeaversIsCSVOrOneAddressALine(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"one a line":                         {"ada@a.example\nben@a.example\n", []string{"ada@a.example", "ben@a.example"}},
		"without a last line end":            {"ada@a.example", []string{"ada@a.example"}},
		"byte-order mark, CRLF, empty lines": {"\ufeffemail\r\n\r\n  ada@a.example \r\n\r\n", []string{"ada@a.example"}},
		"a header among other columns": {"id,E-Mail Address,left\n7,ada@a.example,2026-11-01\n",
			[]string{"ada@a.example"}},
		"semicolons and quoted cells": {"name;email\n\"Lovelace; Ada\";\"ada@a.example\"\n",
			[]string{"ada@a.example"}},
		"tabs": {"name\tmail\nAda\tada@a.example\n", []string{"ada@a.example"}},
		"without a header, in another column": {"7,ada@a.example\n8,ben@a.example\n",
			[]string{"ada@a.example", "ben@a.example"}},
		"tabs around an empty cell": {"name\tphone\temail\tmanager\nAda\t\tada@a.example\tben@a.example\n",
			[]string{"ada@a.example"}},
		"carriage returns as line ends": {"email\rada@a.example\rben@a.example\r",
			[]string{"ada@a.example", "ben@a.example"}},
		"a line break in a quoted cell": {"note,email\n\"left\nearly\",ada@a.example\n", []string{"ada@a.example"}},
	} {
		got, err := parseLeavers([]byte(c.content))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, error %v", name, got, err)
		}
	}
}

// An error names the line, and never what is in it.
func TestABrokenListOfLeaversIsAnErrorThatNamesTheLine(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"empty":                   {"", "no e-mail address; remove the setting"},
		"a header only":           {"email\n", "no e-mail address; remove the setting"},
		"no address":              {"ada@a.example\nLovelace\n", "line 2: cell 1 is not an e-mail address"},
		"a name with the address": {"ada@a.example\nLovelace <lovelace@a.example>\n", "line 2: cell 1 is not"},
		"two at signs in a row":   {"@a.example\n", "line 1: cell 1 is not"},
		"an empty cell":           {"id,email\n7,ada@a.example\n8,\n", "line 3: cell 2 has no e-mail address"},
		"a short line":            {"id,email\n7\n", "line 2: the number of cells is 1, and that of the header is 2"},
		"a short line without a header": {"7,ada@a.example\n8\n",
			"line 2: the line has 1 cells, and the e-mail address should be in cell 2"},
		"a cell too many": {"id,email\n7,Lovelace,ada@a.example\n",
			"line 2: the number of cells is 3, and that of the header is 2"},
		"two addresses in a cell": {"email\n\"ada@a.example\nlovelace@a.example\"\n", "line 2: cell 1 is not"},
		"an invisible character":  {"email\nlovelace@a.example\u200b\n", "line 2: cell 1 is not"},
		"a second at sign":        {"email\nada@lovelace@a.example\n", "line 2: cell 1 is not"},
		"a later line with two addresses": {"ben@a.example\nada@a.example, lovelace@a.example\n",
			"line 2: cells 1 and 2 look like"},
		"two columns named as addresses": {"Work Email, Email,left\nada@a.example,ada@b.example,\n",
			`line 1: several columns may hold the address: "Work Email", "Email"; name one email`},
		"an open quote": {"email\n\"lovelace@a.example\n", "line 2: extraneous or missing"},
		"no column of addresses": {"id,name\n7,Lovelace\n",
			"line 1: no cell is an e-mail address and no column is named email"},
		"several columns of addresses":    {"ada@a.example,lovelace@b.example\n", "line 1: several cells"},
		"UTF-16":                          {"\xff\xfea\x00", "UTF-16"},
		"another encoding":                {"email\nl\xf6velace@a.example\n", "not in UTF-8"},
		"an address that is far too long": {strings.Repeat("lovelace", 50) + "@a.example\n", "line 1: cell 1 is not"},
	} {
		_, err := parseLeavers([]byte(c.content))
		if err == nil || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(strings.ToLower(err.Error()), "lovelace") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
