package fetch

import "testing"

func TestEqualNumbersAreWrittenTogether(t *testing.T) {
	for _, c := range []struct {
		numbers []int
		want    string
	}{
		{nil, ""}, {[]int{0}, "0"}, {[]int{100, 100, 37}, "2 x 100, 37"}, {[]int{1, 2, 2, 1}, "1, 2 x 2, 1"},
	} {
		if got := groupEqual(c.numbers); got != c.want {
			t.Errorf("%v is written as %q, want %q", c.numbers, got, c.want)
		}
	}
}
