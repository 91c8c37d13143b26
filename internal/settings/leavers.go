package settings

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"scim-auditor/internal/finding"
)

const (
	// maxAddressBytes is the longest e-mail address:
	// https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1
	maxAddressBytes = 320
	leaversHint     = "the file has one e-mail address a line, or is a CSV file whose header names the column email; " +
		"nothing was collected"
)

// addressHeaders are the names of a column of e-mail addresses, without letter case, spaces and
// punctuation.
var addressHeaders = []string{
	"email", "emailaddress", "mail", "mailaddress", "workemail", "primaryemail", "address", "addresses", "emails",
	"leaver", "leavers", "username", "userprincipalname",
}

// LeaverList reads the list of people who have left. It returns nil if the settings name none.
func (s *Settings) LeaverList() (*finding.LeaverList, error) {
	if s.Leavers == "" {
		return nil, nil
	}
	file, err := readFile(s.Leavers)
	if err != nil {
		err = fmt.Errorf("reading the list of leavers: %w", err)
		return nil, s.wrong("leavers", err, "name a file that this user can read")
	}
	addresses, err := parseLeavers(file.content)
	if err != nil {
		return nil, s.wrong("leavers", fmt.Errorf("%s: %w", s.Leavers, err), leaversHint)
	}
	sum := sha256.Sum256(file.content)
	return finding.NewLeaverList(hex.EncodeToString(sum[:]), file.writtenAt, addresses), nil
}

// parseLeavers returns the addresses of a list. Errors name the line and never what is in it,
// because it may be personal data.
func parseLeavers(content []byte) (addresses []string, err error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")):
		return nil, errors.New("the file is in UTF-16; save it as UTF-8")
	case !utf8.Valid(content):
		return nil, errors.New("the file is not in UTF-8")
	}
	// A carriage return alone ends a line in files of older spreadsheets.
	content = bytes.ReplaceAll(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	rows := csv.NewReader(bytes.NewReader(content))
	rows.Comma, rows.FieldsPerRecord, rows.ReuseRecord = separator(content), -1, true
	rows.TrimLeadingSpace = rows.Comma != '\t' // it would skip empty cells between tabs
	column, cells := -1, 0
	for {
		record, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, fmt.Errorf("line %d: %w", parse.Line, parse.Err)
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		if blank(record) {
			continue
		}
		if column < 0 {
			var header bool
			if column, header, err = addressColumn(record); err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			if header {
				cells = len(record)
				continue
			}
		}
		address, err := addressIn(record, column, cells)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		addresses = append(addresses, address)
	}
	if len(addresses) == 0 {
		return nil, errors.New("the file has no e-mail address; remove the setting if nobody has left")
	}
	return addresses, nil
}

// separator returns the character that separates the cells: the first of these in the first line.
func separator(content []byte) rune {
	first, _, _ := bytes.Cut(content, []byte("\n"))
	for _, c := range string(first) {
		if c == ',' || c == ';' || c == '\t' {
			return c
		}
	}
	return ','
}

func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// addressColumn finds the column with the addresses in the first line, which is a header if no cell
// looks like an address.
func addressColumn(first []string) (column int, header bool, err error) {
	var named, addresses []int
	for i, cell := range first {
		if slices.Contains(addressHeaders, plainHeader(cell)) {
			named = append(named, i)
		}
		if strings.Contains(cell, "@") {
			addresses = append(addresses, i)
		}
	}
	switch {
	case len(addresses) == 1:
		return addresses[0], false, nil
	case len(addresses) > 1:
		return 0, false, errors.New("several cells look like an e-mail address; add a header that names one column email")
	case len(named) == 1:
		return named[0], true, nil
	case len(named) > 1:
		var names []string
		for _, i := range named {
			names = append(names, strconv.Quote(strings.TrimSpace(first[i])))
		}
		return 0, false, fmt.Errorf("several columns may hold the address: %s; name one email and the others otherwise",
			strings.Join(names, ", "))
	}
	return 0, false, errors.New("no cell is an e-mail address and no column is named email")
}

func plainHeader(cell string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(strings.TrimSpace(cell)))
}

// addressIn returns the address in a row. The header has headerCells cells; 0 means that there is
// no header, and then no other cell may have an address.
func addressIn(record []string, column, headerCells int) (string, error) {
	switch {
	case headerCells > 0 && len(record) != headerCells:
		return "", fmt.Errorf("the number of cells is %d, and that of the header is %d", len(record), headerCells)
	case column >= len(record):
		return "", fmt.Errorf("the line has %d cells, and the e-mail address should be in cell %d", len(record), column+1)
	}
	address := strings.TrimSpace(record[column])
	name, domain, found := strings.Cut(address, "@")
	switch {
	case address == "":
		return "", fmt.Errorf("cell %d has no e-mail address", column+1)
	case !found || name == "" || domain == "" || strings.Contains(domain, "@") || strings.ContainsFunc(address, unfit) ||
		len(address) > maxAddressBytes:
		return "", fmt.Errorf("cell %d is not an e-mail address", column+1)
	}
	for i, cell := range record {
		if headerCells == 0 && i != column && strings.Contains(cell, "@") {
			return "", fmt.Errorf("cells %d and %d look like an e-mail address; add a header that names one column email",
				min(i, column)+1, max(i, column)+1)
		}
	}
	return strings.Clone(address), nil
}

// unfit reports whether a character is in no address: a space, a line break, an invisible character
// or one that separates addresses.
func unfit(r rune) bool { return r == ' ' || !unicode.IsPrint(r) || strings.ContainsRune("<>,;", r) }
