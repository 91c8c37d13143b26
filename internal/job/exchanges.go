package job

import (
	"fmt"
	"strconv"
	"strings"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/snapshot"
)

// storedExchanges numbers the exchanges of all steps in order.
func storedExchanges(exchanges []fetch.Exchange) []snapshot.Exchange {
	stored := make([]snapshot.Exchange, len(exchanges))
	for i, e := range exchanges {
		var retries []string
		for _, r := range e.Retries {
			retries = append(retries, fmt.Sprintf("%s (waited %s)", r.Reason, r.Waited))
		}
		stored[i] = snapshot.Exchange{
			Number: i + 1, Method: e.Method, Request: string(e.Request), Status: e.Status, SentAt: e.SentAt,
			Duration: e.Duration, ServerDate: e.ServerDate, Records: e.Records, Retries: retries,
			ResponseSHA256: e.SHA256, ResponseSize: int64(len(e.Body)),
		}
	}
	return stored
}

// groupEqual writes numbers in order, equal neighbours together: "99 x 100, 37".
func groupEqual(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		n := 1
		for i+n < len(numbers) && numbers[i+n] == numbers[i] {
			n++
		}
		part := strconv.Itoa(numbers[i])
		if n > 1 {
			part = fmt.Sprintf("%d x %d", n, numbers[i])
		}
		parts = append(parts, part)
		i += n
	}
	return strings.Join(parts, ", ")
}
