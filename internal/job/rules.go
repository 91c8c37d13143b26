package job

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// recordRules stores the wording and the thresholds of the rules, unless they are those of the last run.
func recordRules(ctx context.Context, o Options) (id int64, err error) {
	thresholds, err := json.Marshal(map[string]string{
		"token_expiry_high":   o.Thresholds.ExpiryHigh.String(),
		"token_expiry_medium": o.Thresholds.ExpiryMedium.String(),
		"token_expiry_info":   o.Thresholds.ExpiryInfo.String(),
		"token_lifetime":      o.Thresholds.MaxLifetime.String(),
		"token_age":           o.Thresholds.MaxAge.String(),
		"clock_skew":          o.Thresholds.ClockSkew.String(),
	})
	if err != nil {
		return 0, fmt.Errorf("writing the thresholds: %w", err)
	}
	set := snapshot.RuleSet{Thresholds: string(thresholds)}
	for _, r := range finding.Rules() {
		w := snapshot.Wording{RuleID: r.ID, Title: r.Title, Expected: r.ExpectedBy(o.Thresholds), Remedy: r.Remedy}
		if finding.CanBeTurnedOff(r.ID) {
			w.TurnedOff = o.TurnedOff[r.ID]
		}
		set.Wordings = append(set.Wordings, w)
	}
	slices.SortFunc(set.Wordings, func(a, b snapshot.Wording) int { return strings.Compare(a.RuleID, b.RuleID) })
	return o.Store.RecordRules(ctx, set)
}
