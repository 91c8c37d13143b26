package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed story/*.json
var files embed.FS

// Exceptions is an exceptions file for the story: one exception that expires after night 4, one
// whose finding is resolved on night 6, one for a whole organization, and one that stays in force.
//
//go:embed exceptions.yaml
var Exceptions string

// Leavers is a list of people who have left, as human resources send it: an active member of acme
// until night 6, a member of globex who has left, and somebody whom no organization knows.
//
//go:embed leavers.csv
var Leavers string

// LeaversDate is when the list was written.
var LeaversDate = time.Date(2026, 11, 15, 16, 0, 0, 0, time.UTC)

// tale is a file of the story: the state of one organization on the first night and the events
// after it.
type tale struct {
	// About is for readers of the file.
	Name, About string
	// Identity, Organization and Policies are set in the answers that NewState makes.
	Identity, Organization, Policies Row
	Faults                           map[string]Fault
	SCIM, SSO, Members               []configuration
	// MemberTokens are personal access tokens of Members.
	MemberTokens []configuration
	// Tokens are personal access tokens of the user whose token the auditor has.
	Tokens []Row
	// Each division, separated by spaces, has a SCIM and an SSO configuration in each region.
	Divisions string
	// Issuer has %s for the key of the division.
	Regions []struct{ Name, Provider, Issuer string }
	// Each is set in every SCIM configuration.
	Each   Row
	Events []event
}

// event is one thing that happens to an organization in the afternoon before a night.
type event struct {
	Night int
	// Words describe it to a person, after the organization's name.
	Words string
	// Passing says that only that night's answers show it.
	Passing bool
	Do      []step
}

// tales reads the story, whose organizations come in a fixed order.
func tales() []tale {
	all := make([]tale, 4)
	for i, name := range []string{"acme", "globex", "initech", "umbrella"} {
		text, err := files.ReadFile("story/" + name + ".json")
		if err == nil {
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			err = d.Decode(&all[i])
		}
		if err != nil {
			panic(fmt.Sprintf("demo: story/%s.json: %s", name, err)) // part of the program
		}
	}
	return all
}

// Story describes what happened in the world of NewServer before night n, one line for each event,
// in order; for night 1, what there is. It is empty for a night outside of the story.
func Story(n int) []string {
	var lines []string
	for _, t := range tales() {
		if n == 1 {
			first := t.first()
			members := ""
			if n := len(first.Members); n > 0 {
				members = fmt.Sprintf(", and %d members,", n)
			}
			lines = append(lines, fmt.Sprintf("%s: %d SCIM and %d SSO configurations%s to begin with",
				t.Name, len(first.SCIM), len(first.SSO), members))
		}
		for _, e := range t.Events {
			if e.Night == n {
				lines = append(lines, t.Name+": "+e.Words)
			}
		}
	}
	return lines
}

// first returns the state before the first event.
func (t tale) first() *State {
	s := NewState(t.Name)
	set(s.Identity, t.Identity)
	set(s.Organization, t.Organization)
	set(s.Policies, t.Policies)
	maps.Copy(s.Faults, t.Faults)
	divisions := t.divisions()
	for _, c := range slices.Concat(t.SCIM, divisions) {
		s.SCIM = append(s.SCIM, c.row(s, "scim", Night(1)))
	}
	for _, c := range slices.Concat(t.SSO, divisions) {
		s.SSO = append(s.SSO, c.row(s, "sso", Night(1)))
	}
	for _, row := range s.SCIM {
		set(row, t.Each)
	}
	s.verifyDomains()
	for _, m := range t.Members {
		s.Members = append(s.Members, m.row(s, "user", Night(1)))
	}
	for _, token := range t.MemberTokens {
		s.Tokens = append(s.Tokens, token.row(s, "token", Night(1)))
	}
	for _, token := range t.Tokens {
		row := Row{"userId": s.Identity["subject"].(Row)["id"], "readOnly": true}
		set(row, token)
		s.Tokens = append(s.Tokens, row)
	}
	s.logBeginning()
	return s
}

// divisions returns what is a SCIM and an SSO configuration of each division and region.
func (t tale) divisions() (all []configuration) {
	created := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for division := range strings.FieldsSeq(t.Divisions) {
		for _, r := range t.Regions {
			key := strings.ToLower(division + "-" + r.Name)
			all = append(all, configuration{
				Key: key, Name: r.Provider + " " + division + " " + r.Name, Link: key, Created: created.Format(time.RFC3339),
				Issuer: fmt.Sprintf(r.Issuer, key), Domains: key + "." + t.Name + ".example",
			})
			created = created.Add(3*24*time.Hour + 7*time.Minute)
		}
	}
	return all
}

// nights plays the tale and returns the state of each night.
func (t tale) nights() []*State {
	nights := make([]*State, Nights)
	lasting := t.first()
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
	for _, e := range t.Events {
		if e.Night != night {
			continue
		}
		for _, step := range e.Do {
			if e.Passing == passing {
				step.apply(s, at)
			}
		}
		at = at.Add(30 * time.Minute)
	}
}
