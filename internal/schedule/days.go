package schedule

import "time"

// EveryDay stands in where no schedule was in force: a night at the beginning of each UTC day.
const EveryDay = "@daily"

// Filled are the periods, sorted by From, with EveryDay where they leave a gap: before the first of them, from the UTC day of an instant on,
// and from when a schedule was taken back. It is for who must know on which days nothing was collected, whether a schedule says so or not.
func Filled(periods []Period, since time.Time) []Period {
	// The first night of a period comes after its From.
	day := Period{EveryDay, since.UTC().Truncate(24 * time.Hour).Add(-time.Second)}
	var all []Period
	if len(periods) == 0 || day.From.Before(periods[0].From) {
		all = append(all, day)
	}
	for _, p := range periods {
		if p.Expression == None {
			p.Expression = EveryDay
		}
		all = append(all, p)
	}
	return all
}

// InForce is the period of a night at an instant: the last that began before it; false when none did.
func InForce(periods []Period, night time.Time) (Period, bool) {
	for i := len(periods) - 1; i >= 0; i-- {
		if periods[i].From.Before(night) {
			return periods[i], true
		}
	}
	return Period{}, false
}
