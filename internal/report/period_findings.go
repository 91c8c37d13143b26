package report

import (
	"cmp"
	"context"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/snapshot"
)

// readEpisodes finds the findings of the period, when each was closed, and how many the snapshots at its two ends themselves tell as open.
func (o *periodOrganization) readEpisodes(ctx context.Context, store *snapshot.Store) error {
	all, err := o.storedEpisodes(ctx, store)
	if err != nil {
		return err
	}
	for _, e := range all {
		if o.byID[e.LastID] == nil { // it failed after the opening snapshot and before the period
			failed, err := store.Snapshot(ctx, e.LastID)
			if err != nil {
				return err
			}
			o.byID[e.LastID], o.earlier = &failed, append(o.earlier, &failed)
		}
		o.episodes = append(o.episodes, o.follow(e))
	}
	slices.SortFunc(o.episodes, func(a, b episode) int {
		return cmp.Or(
			cmp.Compare(a.state(), b.state()),
			cmp.Compare(slices.Index(diff.Severities, a.Severity), slices.Index(diff.Severities, b.Severity)),
			cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.SubjectType, b.SubjectType), cmp.Compare(a.SubjectID, b.SubjectID),
			a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	if o.startsWith, err = openIn(ctx, store, o.opening, nil); err != nil {
		return err
	}
	last := cmp.Or(o.closing, o.opening)
	o.endsWith, err = openIn(ctx, store, last, o.failedAfter(last))
	return err
}

// storedEpisodes are those of the organization from its opening snapshot on, and those of failed snapshots that did not know it.
func (o *periodOrganization) storedEpisodes(ctx context.Context, store *snapshot.Store) ([]snapshot.Episode, error) {
	var all []snapshot.Episode
	if o.id != "" {
		var err error
		if all, err = store.Episodes(ctx, o.id, max(o.after(), 1)-1, o.upTo()); err != nil {
			return nil, err
		}
	}
	for _, s := range o.within() {
		if s.OrganizationID != "" || !s.PrunedAt.IsZero() {
			continue
		}
		findings, err := store.Findings(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range findings {
			if !f.FirstSeen.IsZero() {
				all = append(all, snapshot.Episode{Finding: f.Finding, FirstSeen: f.FirstSeen, LastID: s.ID, LastSeen: f.TakenAt})
			}
		}
	}
	return all, nil
}

// follow finds the snapshot that closed a finding: the next one that retention has left whole, since the last one in which it was open is its last.
func (o *periodOrganization) follow(e snapshot.Episode) episode {
	followed := episode{Episode: e}
	for _, s := range o.within() {
		switch {
		case s.ID <= e.LastID || s.Outcome != snapshot.Complete:
		case whole(s):
			followed.closedBy, followed.unknown = s, false
			return followed
		default:
			followed.unknown = true
		}
	}
	return followed
}

func (o *periodOrganization) failedAfter(s *snapshot.Snapshot) []*snapshot.Snapshot {
	var all []*snapshot.Snapshot
	for _, f := range append(slices.Clone(o.earlier), o.within()...) {
		if f.Outcome == snapshot.Failed && (s == nil || f.ID > s.ID) {
			all = append(all, f)
		}
	}
	return all
}

// openFindings are those that a complete snapshot and the failed ones after it leave open, as these tell it themselves.
type openFindings struct {
	count int
	// accepted tells, by fingerprint, the exceptions that cover them.
	accepted map[string]string
}

// openIn reads them; none are known where retention removed a snapshot.
func openIn(ctx context.Context, store *snapshot.Store, complete *snapshot.Snapshot, failed []*snapshot.Snapshot) (openFindings, error) {
	type key struct {
		fingerprint string
		first       int64
	}
	found, open := openFindings{accepted: make(map[string]string)}, make(map[key]bool)
	looks := failed
	if complete != nil {
		looks = append([]*snapshot.Snapshot{complete}, failed...)
	}
	for _, s := range looks {
		if !s.PrunedAt.IsZero() {
			continue
		}
		findings, err := store.Findings(ctx, s.ID)
		if err != nil {
			return found, err
		}
		for i := range findings {
			if f := &findings[i]; !f.FirstSeen.IsZero() {
				open[key{f.Fingerprint, f.FirstSeen.Unix()}], found.accepted[f.Fingerprint] = true, acceptedText(f)
			}
		}
	}
	if complete != nil {
		carried, err := store.Carried(ctx, *complete)
		if err != nil {
			return found, err
		}
		for _, c := range carried {
			open[key{c.Fingerprint, c.FirstSeen.Unix()}] = true
		}
	}
	found.count = len(open)
	return found, nil
}

// episodeState is how a finding stands at the end of the period, in the order in which they are told.
type episodeState int

const (
	episodeOpen episodeState = iota
	episodeNotKnown
	episodeClosed
)

func (e *episode) state() episodeState {
	switch {
	case e.closedBy != nil:
		return episodeClosed
	case e.unknown:
		return episodeNotKnown
	}
	return episodeOpen
}

// before says whether a finding was open in the opening snapshot.
func (o *periodOrganization) before(e *episode) bool {
	return o.opening != nil && !e.FirstSeen.After(o.opening.TakenAt)
}

// daysOpen is whole days from when the finding was first seen to the snapshot that closed it, else to the last one in which it was open.
func (o *periodOrganization) daysOpen(e *episode) int {
	until := cmp.Or(e.closedBy, o.byID[e.LastID])
	return daysBetween(e.FirstSeen, until.TakenAt)
}

// title is the finding's rule in words, also where no snapshot that tells it is left.
func (p *Period) title(e *episode) string {
	return cmp.Or(e.Title, findRule(p.Rules, e.RuleID).Title)
}
