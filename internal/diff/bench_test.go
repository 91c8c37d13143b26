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
	var scim []ona.SCIMConfiguration
	allowed := false
	for i := range configurations {
		created := epoch.Add(time.Duration(i) * time.Second)
		scim = append(scim, ona.SCIMConfiguration{
			ID: fmt.Sprintf("%08d", i), OrganizationID: "org", Name: "Okta", Enabled: true, SSOConfigurationID: "x1",
			CreatedAt: created, UpdatedAt: created, TokenExpiresAt: created.AddDate(1, 0, 0),
			AllowUnverifiedEmailAccountLinking: &allowed,
		})
	}
	changed := slices.Clone(scim)
	for i := 0; i < configurations; i += configurations / changing {
		changed[i].Enabled = false
		changed[i].UpdatedAt = changed[i].UpdatedAt.AddDate(0, 1, 0)
	}
	before := ona.Inventory{Organization: ona.Organization{ID: "org"}, SCIM: scim, SSO: []ona.SSOConfiguration{{ID: "x1"}}}
	after := before
	after.SCIM = changed
	b.ReportAllocs()
	for b.Loop() {
		if n := len(Compute(before, after, nil)); n != changing {
			b.Fatalf("%d changes, want %d", n, changing)
		}
	}
}
