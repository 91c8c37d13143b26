package demo

import (
	"fmt"
	"time"
)

// tale is what happens to one organization: how it is on the first night, and what is done to it later.
type tale struct {
	base   *State
	events []event
}

// event is one thing that is done to an organization before a night's listing.
type event struct {
	night int
	// words tell it to a person, after the organization's name.
	words string
	do    func(*edit)
	// passing is set when only that night's answers show it.
	passing bool
}

func tales() []tale {
	return []tale{acme(), globex(), initech(), umbrella()}
}

// Story tells what was done in the world of NewServer between night n-1 and night n, one line for each event, in order; for night 1 what
// there is. It is empty for a night outside of the story.
func Story(n int) []string {
	var lines []string
	for _, t := range tales() {
		if n == 1 {
			lines = append(lines, fmt.Sprintf("%s: %d SCIM and %d SSO configurations to begin with", t.base.Name, len(t.base.SCIM), len(t.base.SSO)))
		}
		for _, e := range t.events {
			if e.night == n {
				lines = append(lines, t.base.Name+": "+e.words)
			}
		}
	}
	return lines
}

// nights plays the tale and returns the state of each night.
func (t tale) nights() []*State {
	nights := make([]*State, Nights)
	lasting := t.base.clone()
	for i := range nights {
		t.play(lasting, i+1, false)
		nights[i] = lasting.clone()
		t.play(nights[i], i+1, true)
	}
	return nights
}

// play does the passing or the lasting events of a night to a state. Each happens half an hour after the one before, in the afternoon.
func (t tale) play(s *State, night int, passing bool) {
	at := Night(night).Add(-13 * time.Hour)
	for _, e := range t.events {
		if e.night != night {
			continue
		}
		if e.passing == passing {
			e.do(&edit{State: s, at: at})
		}
		at = at.Add(30 * time.Minute)
	}
}
