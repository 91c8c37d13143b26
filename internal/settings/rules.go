package settings

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
)

type rulesEntry struct {
	Thresholds thresholdsEntry `yaml:"thresholds"`
	// Disabled maps the id of each rule that is turned off to the reason.
	Disabled map[string]string `yaml:"disabled"`
}

// thresholdsEntry is the key thresholds. A nil threshold keeps its default.
type thresholdsEntry struct {
	TokenExpiryHighDays   *int    `yaml:"token_expiry_high_days"`
	TokenExpiryMediumDays *int    `yaml:"token_expiry_medium_days"`
	TokenExpiryInfoDays   *int    `yaml:"token_expiry_info_days"`
	TokenLifetimeDays     *int    `yaml:"token_lifetime_days"`
	TokenAgeDays          *int    `yaml:"token_age_days"`
	MissedNightsDays      *int    `yaml:"missed_nights_days"`
	ClockSkew             *string `yaml:"clock_skew"`
}

const (
	day = 24 * time.Hour
	// maxThresholdDays, a hundred years, fits into a time.Duration.
	maxThresholdDays = 36500
)

// parseRules sets the thresholds and validates the rules that are turned off. An error names
// the line.
func (s *Settings) parseRules() error {
	s.Thresholds = finding.DefaultThresholds()
	if err := cmp.Or(s.parseDays(&s.Thresholds), s.parseClockSkew(&s.Thresholds)); err != nil {
		return err
	}
	return s.checkDisabled()
}

func (s *Settings) parseDays(t *finding.Thresholds) error {
	e := s.Rules.Thresholds
	for _, setting := range []struct {
		key  string
		days *int
		into *time.Duration
	}{
		{"token_expiry_high_days", e.TokenExpiryHighDays, &t.ExpiryHigh},
		{"token_expiry_medium_days", e.TokenExpiryMediumDays, &t.ExpiryMedium},
		{"token_expiry_info_days", e.TokenExpiryInfoDays, &t.ExpiryInfo},
		{"token_lifetime_days", e.TokenLifetimeDays, &t.MaxLifetime},
		{"token_age_days", e.TokenAgeDays, &t.MaxAge},
		{"missed_nights_days", e.MissedNightsDays, &t.MissedNights},
	} {
		if setting.days == nil {
			continue
		}
		if *setting.days < 1 || *setting.days > maxThresholdDays {
			return s.wrongThreshold(setting.key, "%d; expected 1 to %d days", *setting.days, maxThresholdDays)
		}
		*setting.into = time.Duration(*setting.days) * day
	}
	if t.ExpiryHigh > t.ExpiryMedium || t.ExpiryMedium > t.ExpiryInfo {
		d := finding.DefaultThresholds()
		return fmt.Errorf("%s: the thresholds for a token's expiry are out of order; expected token_expiry_high_days <= "+
			"token_expiry_medium_days <= token_expiry_info_days, which are %d, %d and %d by default",
			s.file.where("$.rules.thresholds"), d.ExpiryHigh/day, d.ExpiryMedium/day, d.ExpiryInfo/day)
	}
	return nil
}

func (s *Settings) parseClockSkew(t *finding.Thresholds) (err error) {
	text := s.Rules.Thresholds.ClockSkew
	if text == nil {
		return nil
	}
	if t.ClockSkew, err = time.ParseDuration(*text); err != nil || t.ClockSkew < 0 || t.ClockSkew > day {
		return s.wrongThreshold("clock_skew", "%q; expected a duration up to 24h, such as 5m", *text)
	}
	return nil
}

func (s *Settings) wrongThreshold(key, format string, args ...any) error {
	where := s.file.where("$.rules.thresholds."+key, "$.rules.thresholds")
	return fmt.Errorf("%s: %s is %s", where, key, fmt.Sprintf(format, args...))
}

// checkDisabled returns an error for a rule that does not exist, cannot be turned off, or has
// no reason.
func (s *Settings) checkDisabled() error {
	for _, id := range slices.Sorted(maps.Keys(s.Rules.Disabled)) {
		var problem string
		switch {
		case !slices.Contains(ruleIDs(), id):
			problem = fmt.Sprintf("there is no rule %q; expected one of %s", id, strings.Join(ruleIDs(), ", "))
		case !finding.CanBeTurnedOff(id):
			problem = id + " cannot be turned off, because it checks whether the listing can be trusted; expected another rule"
		case strings.TrimSpace(s.Rules.Disabled[id]) == "":
			problem = id + " is turned off without a reason; expected a sentence that the report shows"
		default:
			continue
		}
		return fmt.Errorf("%s: %s", s.file.where("$.rules.disabled."+id, "$.rules.disabled"), problem)
	}
	return nil
}

func ruleIDs() []string {
	var ids []string
	for _, r := range finding.Rules() {
		ids = append(ids, r.ID)
	}
	return ids
}
