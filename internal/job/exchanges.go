package job

import (
	"fmt"
	"strconv"
	"strings"
)

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
