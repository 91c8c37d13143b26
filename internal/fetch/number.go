package fetch

import (
	"strconv"
	"strings"
)

const (
	// maxZeros is how many zeros decimal adds to write a number without an exponent.
	maxZeros = 20
	// maxExponentDigits is the longest exponent that decimal computes with; it fits into an int64.
	maxExponentDigits = 17
)

// decimal returns a valid JSON number in the one form that all spellings of its value share, with
// every digit: 1.50 and 15e-1 become 1.5, 1e2 becomes 100, 1e400 stays. It never converts to binary
// floating point. Its time depends on the length of the text and not on the value; a number with an
// exponent beyond maxExponentDigits is kept as written.
func decimal(text string) string {
	number, negative := strings.CutPrefix(strings.ToLower(text), "-")
	mantissa, exponentText, _ := strings.Cut(number, "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponentText, small := strings.CutPrefix(strings.TrimPrefix(exponentText, "+"), "-")
	exponentText = strings.TrimLeft(exponentText, "0")
	if len(exponentText) > maxExponentDigits {
		return strings.ToLower(text)
	}
	exponent, _ := strconv.Atoi("0" + exponentText) // only digits
	if small {
		exponent = -exponent
	}
	significant := strings.TrimRight(digits, "0")
	zeros := exponent - len(fraction) + len(digits) - len(significant) // after the last digit
	point := len(significant) + zeros                                  // digits before the decimal point
	result := ""
	switch {
	case zeros >= 0 && zeros <= maxZeros:
		result = significant + strings.Repeat("0", zeros)
	case zeros < 0 && point > 0:
		result = significant[:point] + "." + significant[point:]
	case point <= 0 && -point <= maxZeros:
		result = "0." + strings.Repeat("0", -point) + significant
	default:
		if result = significant[:1]; len(significant) > 1 {
			result += "." + significant[1:]
		}
		result += "e" + strconv.Itoa(point-1)
	}
	if negative {
		result = "-" + result
	}
	return result
}
