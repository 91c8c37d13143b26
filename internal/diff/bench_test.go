package diff

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"scim-auditor/internal/ona"
)

func BenchmarkCompute(b *testing.B) {
	const configurations, changing = 100_000, 1_000
	before := ona.Inventory{Organization: ona.Organization{ID: "org"}, SSO: []ona.SSOConfiguration{{ID: "x1"}}}
	allowed := false
	for i := range configurations {
		created := epoch.Add(time.Duration(i) * time.Second)
		before.SCIM = append(before.SCIM, ona.SCIMConfiguration{
			ID: fmt.Sprintf("%08d", i), OrganizationID: "org", Name: "Okta", Enabled: true, SSOConfigurationID: "x1",
			CreatedAt: created, UpdatedAt: created, TokenExpiresAt: created.AddDate(1, 0, 0), AllowUnverifiedEmailAccountLinking: &allowed,
		})
	}
	after := before
	after.SCIM = slices.Clone(before.SCIM)
	for i := 0; i < configurations; i += configurations / changing {
		after.SCIM[i].Enabled = false
		after.SCIM[i].UpdatedAt = after.SCIM[i].UpdatedAt.AddDate(0, 1, 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(Compute(before, after, Options{})); n != changing {
			b.Fatalf("%d changes, want %d", n, changing)
		}
	}
}
