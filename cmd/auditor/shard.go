package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"scim-auditor/internal/check"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// otherShards returns what a run must know of the other shards.
func otherShards(ctx context.Context, s *settings.Settings) job.Others {
	if s.Shard.Count == 0 {
		return job.Others{}
	}
	_, sources := s.SourceNames()
	databases, known := s.OtherDatabases()
	others := job.ReadOthers(ctx, sources, databases)
	if !known {
		others.Unread = "--db has no {shard} in its path, so the databases of the other shards are not known"
	}
	return others
}

// checkShard says which part of the organizations the shard has, how many would move to a further
// shard, and which moved. Store is nil if the database cannot be read, or does not exist yet.
func checkShard(ctx context.Context, s *settings.Settings, store *snapshot.Store) []check.Result {
	const name = "shard"
	own, rest := s.SourceNames()
	detail := fmt.Sprintf("%s has %d of the %s in the config file", s.Shard, len(own),
		report.Count(len(own)+len(rest), "organization"))
	if more := s.Shard.Count + 1; more <= settings.MaxShards {
		moving := slices.DeleteFunc(slices.Clone(own), settings.Shard{Index: s.Shard.Index, Count: more}.Has)
		detail += fmt.Sprintf("; with %d shards, %d of them would move to shard %d/%d", more, len(moving), more-1, more)
	}
	results := []check.Result{{Name: name, Status: check.OK, Detail: detail}}
	add := func(source, detail, hint string) {
		results = append(results, check.Result{Name: name, Source: source, Status: check.Warning, Detail: detail, Hint: hint})
	}
	var latest []snapshot.Snapshot
	if store != nil {
		var err error
		if latest, err = store.LatestComplete(ctx, time.Time{}); err == nil {
			err = job.CheckShard(ctx, store, s.Shard.String())
		}
		if err != nil {
			return append(results, check.Failed(name, err, ""))
		}
	}
	here := make(map[string]bool) // sources with a history in this database
	for _, o := range latest {
		here[o.Source] = true
		if slices.Contains(rest, o.Source) {
			to := settings.Shard{Index: settings.ShardOf(o.Source, s.Shard.Count), Count: s.Shard.Count}
			add(o.Source, job.LeftText(o)+" by this shard: it belongs to shard "+to.String(), "")
		}
	}
	others := otherShards(ctx, s)
	elsewhere := slices.SortedFunc(maps.Values(others.Elsewhere), func(a, b job.Elsewhere) int {
		return cmp.Compare(a.Source, b.Source)
	})
	for _, e := range elsewhere {
		if slices.Contains(own, e.Source) && !here[e.Source] {
			add(e.Source, e.String()+"; the database of this shard will begin a new one", "keep that database: "+
				"its history ends there, and the first snapshot of this shard is a baseline that has no changes")
		}
	}
	if others.Unread != "" {
		add("", "whether another shard has the history of an organization was not checked: "+others.Unread,
			"use a path such as --db fleet/{shard}/auditor.db, in folders that every shard can read")
	}
	return results
}
