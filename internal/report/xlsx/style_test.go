package xlsx

import (
	"math"
	"strconv"
	"testing"
)

func TestColoursCanBeTold(t *testing.T) {
	for l, c := range palette {
		if ratio := contrast(t, c.text, c.ground); ratio < 4.5 {
			t.Errorf("look %d: contrast %.1f of %s on %s", l, ratio, c.text, c.ground)
		}
	}
}

// contrast returns the ratio of https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(color[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
