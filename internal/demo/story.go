package demo

import (
	"fmt"
	"time"
)

// tale is what happens to one organization: its state on the first night and the events after it.
type tale struct {
	base   *State
	events []event
}

// event is one thing that happens to an organization in the afternoon before a night.
type event struct {
	night int
	// words describe it to a person, after the organization's name.
	words string
	do    []action
	// passing says that only that night's answers show it.
	passing bool
}

// on is an event whose effect stays.
func on(night int, words string, do ...action) event {
	return event{night: night, words: words, do: do}
}

// onlyOn is an event that only that night's answers show.
func onlyOn(night int, words string, do ...action) event {
	return event{night: night, words: words, do: do, passing: true}
}

func tales() []tale {
	return []tale{acme(), globex(), initech(), umbrella()}
}

// Story describes what happened in the world of NewServer before night n, one line for each event,
// in order; for night 1, what there is. It is empty for a night outside of the story.
func Story(n int) []string {
	var lines []string
	for _, t := range tales() {
		if n == 1 {
			lines = append(lines, fmt.Sprintf("%s: %d SCIM and %d SSO configurations to begin with",
				t.base.Name, len(t.base.SCIM), len(t.base.SSO)))
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

// play applies the passing or the lasting events of a night to a state. The first of the night's
// events happens at 13:00 UTC, each further one half an hour later.
func (t tale) play(s *State, night int, passing bool) {
	at := Night(night).Add(-13 * time.Hour)
	for _, e := range t.events {
		if e.night != night {
			continue
		}
		for _, do := range e.do {
			if e.passing == passing {
				do(s, at)
			}
		}
		at = at.Add(30 * time.Minute)
	}
}
