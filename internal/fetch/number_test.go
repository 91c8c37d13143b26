package fetch

import (
	"math/big"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestANumberHasOneFormWithEveryDigit(t *testing.T) {
	for want, spellings := range map[string][]string{
		"1":                        {"1", "1.0", "1.000", "1e0", "10e-1", "0.1E+1", "100e-0002"},
		"0":                        {"0", "-0", "0.0", "0e5", "-0.00e-7", "0e99999999999999999999"},
		"100":                      {"100", "1e2", "1E+2", "100.0", "10000e-2"},
		"-1.5":                     {"-1.5", "-1.50", "-15e-1"},
		"0.1":                      {"0.1", "1e-1", "0.10"},
		"0.10000000000000000001":   {"0.10000000000000000001", "10000000000000000001e-20"},
		"9007199254740993.5":       {"9007199254740993.5", "90071992547409935e-1"},
		"12345678901234567890":     {"12345678901234567890"},
		"1e400":                    {"1e400", "1E400", "10e399", "0.1e401"},
		"1e500":                    {"1e500"},
		"1.5e-400":                 {"1.5e-400", "15e-401"},
		"1e999999999":              {"1e999999999", "10e999999998"},
		"-1e-99999999999999999":    {"-1e-99999999999999999"},
		"1e100000000000000000000":  {"1e100000000000000000000", "1E100000000000000000000"},
		"100000000000000000000":    {"1e20"},
		"1e21":                     {"1e21", "1000000000000000000000"},
		"0.000000000000000000001":  {"1e-21", "0.000000000000000000001"},
		"1e-22":                    {"1e-22"},
		"1.234e-30":                {"1.234e-30", "1234e-33"},
		"123456789012345678901.25": {"123456789012345678901.25"},
	} {
		for _, text := range spellings {
			if got := decimal(text); got != want {
				t.Errorf("%s is written as %s, want %s", text, got, want)
			}
		}
	}
}

// FuzzNumber compares decimal with exact arithmetic: its form has the same value, and it is the
// form of that form and of the value's other spellings.
func FuzzNumber(f *testing.F) {
	for _, text := range []string{"0", "-0.0", "1.50", "1e-3", "123e20", "0.00012e+7", "99999999999999999999.000001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
		value, ok := new(big.Rat), false
		if number := jsontext.Value(text); number.IsValid() && number.Kind() == jsontext.KindNumber && len(exponent) < 5 {
			value, ok = value.SetString(text)
		}
		if !ok {
			return // no JSON number, one with spaces around it, or too large for exact arithmetic
		}
		got := decimal(text)
		if again, ok := new(big.Rat).SetString(got); !ok || again.Cmp(value) != 0 {
			t.Errorf("%s is written as %s, which is another value", text, got)
		}
		if again := decimal(got); again != got {
			t.Errorf("%s is written as %s, which is written as %s", text, got, again)
		}
	})
}
