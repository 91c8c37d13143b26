package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
)

// The page sizes of the API, in rows.
const (
	defaultPageSize = 25
	maxPageSize     = 100
)

// pagination is how a request asks for a page.
type pagination struct {
	PageSize int    `json:"pageSize"`
	Token    string `json:"token"`
}

// page answers with the page of rows that the request asks for. As the API may, it omits an empty
// list, and the pagination of a list that fits one page.
func (c call) page(field string, rows []Row) (Row, *Fault) {
	size := cmp.Or(c.Pagination.PageSize, defaultPageSize)
	if size < 0 || size > maxPageSize {
		message := fmt.Sprintf("pageSize %d is not between 0 and %d", size, maxPageSize)
		return nil, &Fault{Code: "invalid_argument", Message: message}
	}
	start, ok := c.offset(c.Pagination.Token, len(rows))
	if !ok {
		return nil, &Fault{Code: "invalid_argument", Message: "the page token is not one of this listing"}
	}
	end := min(start+size, len(rows))
	answer := Row{}
	if start < end {
		answer[field] = rows[start:end]
	}
	switch {
	case end < len(rows):
		answer["pagination"] = Row{"nextToken": c.token(end)}
	case start > 0:
		answer["pagination"] = Row{}
	}
	return answer, nil
}

// token names the page that begins at a row. It holds a hash of the listing, so that a token of
// another method or organization is refused.
func (c call) token(offset int) string {
	position := strconv.Itoa(offset)
	sum := sha256.Sum256([]byte(c.method + "\n" + c.state.ID + "\n" + position))
	return base64.RawURLEncoding.EncodeToString(append(sum[:9:9], position...))
}

// offset reads what token wrote; the empty token is the first page. A token beyond the end of a
// list that has shrunk is refused.
func (c call) offset(token string, rows int) (offset int, ok bool) {
	if token == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 10 {
		return 0, false
	}
	offset, err = strconv.Atoi(string(raw[9:]))
	return offset, err == nil && offset < rows && token == c.token(offset)
}
