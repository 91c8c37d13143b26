package fetch

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryCodeHasAHintAndEveryHintACode(t *testing.T) {
	noneKnown := []string{CodeAlreadyExists, CodeOutOfRange}
	codes := slices.Concat(connectCodes, []string{
		CodeIncompleteListing, CodeMalformedAnswer, CodeResponseTooLarge, CodeOrganizationMismatch, CodeForeignOrganization,
		CodeRedirectRefused, CodeConnection, CodeTimeout, CodeDuplicateOrganization, CodeClockWrong, CodeNoToken, hintPlan,
		hintCustomDomain,
	})
	codes = slices.DeleteFunc(codes, func(code string) bool { return slices.Contains(noneKnown, code) })
	if d := cmp.Diff(slices.Sorted(slices.Values(codes)), slices.Sorted(maps.Keys(hints()))); d != "" {
		t.Errorf("codes in hints.json (-want +got):\n%s", d)
	}
}
