package settings

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Shard is one of Count parts of the sources. Index counts from 0. The zero Shard has every source.
type Shard struct{ Index, Count int }

// MaxShards is the highest number of shards.
const MaxShards = 1000

// String returns the form of the flag, such as 0/4; empty for the zero Shard.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Has reports whether the shard has the source of this name.
func (s Shard) Has(name string) bool { return s.Count == 0 || ShardOf(name, s.Count) == s.Index }

// ShardOf returns the index of the shard that has the source of this name: the index i for which
// the SHA-256 of "i name" in UTF-8 is the smallest, as bytes. So a further shard takes its sources
// from all others, and no source moves between these. docs/fleet.md promises this for ever.
func ShardOf(name string, count int) int {
	least, smallest := 0, [sha256.Size]byte{}
	for i := range count {
		sum := sha256.Sum256([]byte(strconv.Itoa(i) + " " + name))
		if i == 0 || bytes.Compare(sum[:], smallest[:]) < 0 {
			least, smallest = i, sum
		}
	}
	return least
}

// parseShard parses a shard such as 0/4.
func parseShard(text string) (s Shard, err error) {
	index, count, found := strings.Cut(text, "/")
	var errIndex, errCount error
	s.Index, errIndex = strconv.Atoi(index)
	s.Count, errCount = strconv.Atoi(count)
	switch {
	case !found || errIndex != nil || errCount != nil:
		return s, fmt.Errorf("%q is no shard such as 0/4", text)
	case s.Count < 1 || s.Count > MaxShards:
		return s, fmt.Errorf("%q: the number of shards is not from 1 to %d", text, MaxShards)
	case s.Index < 0 || s.Index >= s.Count:
		return s, fmt.Errorf("%q: the shards of %d are 0 to %d", text, s.Count, s.Count-1)
	}
	return s, nil
}

// indexVariable has the number of a pod of an Indexed Job:
// https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
const indexVariable = "JOB_COMPLETION_INDEX"

const shardHint = "set --shard i/n with i from 0 to n-1, such as 0/4; in an Indexed Job of Kubernetes, set --shards n"

// setShard sets Shard from --shard, or from --shards and the number of the pod. It then replaces
// {shard} in the paths of the database, the reports and the metrics. A command that collects
// nothing may not need the reports; ReportFolder refuses a {shard} that is left.
func (s *Settings) setShard() (err error) {
	text, name := s.ShardText, "shard"
	if s.Shards != 0 && text == "" {
		name = "shards"
		index := s.getenv(indexVariable)
		if index == "" {
			return s.wrong(name, errors.New(indexVariable+" is not set, which has the number of a pod of an Indexed Job"),
				shardHint)
		}
		text = fmt.Sprintf("%s/%d", index, s.Shards)
	}
	if text != "" {
		if s.Shard, err = parseShard(text); err != nil {
			return s.wrong(name, err, shardHint)
		}
	}
	if s.Shards != 0 && s.Shards != s.Shard.Count {
		return s.wrong("shards", fmt.Errorf("%d contradicts the shard %s", s.Shards, s.Shard), "set only one of them")
	}
	s.pattern = s.DB
	for _, setting := range []struct {
		path *string
		name string
	}{{&s.DB, "db"}, {&s.Out, "out"}, {&s.MetricsFile, "metrics-file"}} {
		if s.Shard.Count != 0 || setting.path == &s.DB || s.takes("base-url") {
			if *setting.path, err = s.InShard(setting.name, *setting.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReportFolder returns Out. It returns an error if Out has {shard} and there is no shard.
func (s *Settings) ReportFolder() (string, error) { return s.InShard("out", s.Out) }

// InShard replaces {shard} in a path of a setting by the index of the shard. It returns an error if
// the path has {shard} and there is no shard.
func (s *Settings) InShard(setting, path string) (string, error) {
	if s.Shard.Count == 0 && strings.Contains(path, placeholder) {
		return "", s.wrong(setting, fmt.Errorf("%s has %s, and no shard is set", path, placeholder),
			shardHint+"; or name a path without "+placeholder+" with --"+setting)
	}
	return strings.ReplaceAll(path, placeholder, strconv.Itoa(s.Shard.Index)), nil
}

// placeholder stands for the index of the shard in a path.
const placeholder = "{shard}"

// OtherDatabases returns the paths of the existing databases of other shards, also of those beyond
// the number of shards. known is false if the path of the database does not have {shard} in it, so
// that the others are not known.
func (s *Settings) OtherDatabases() (paths []string, known bool) {
	if s.Shard.Count == 0 || !strings.Contains(s.pattern, placeholder) {
		return nil, false
	}
	for i := range MaxShards {
		path := strings.ReplaceAll(s.pattern, placeholder, strconv.Itoa(i))
		if _, err := os.Stat(path); i != s.Shard.Index && !errors.Is(err, fs.ErrNotExist) {
			paths = append(paths, path)
		}
	}
	return paths, true
}

// SourceNames returns the names of the sources in the settings: those of the shard, and those of
// the others.
func (s *Settings) SourceNames() (own, others []string) {
	entries, _ := s.entries()
	for _, e := range entries {
		if s.Shard.Has(e.Name) {
			own = append(own, e.Name)
		} else {
			others = append(others, e.Name)
		}
	}
	return own, others
}

// checkShardSources returns an error if the shard has no source.
func (s *Settings) checkShardSources() error {
	if s.Shard.Count == 0 {
		return nil
	}
	name := "shard"
	if s.ShardText == "" {
		name = "shards"
	}
	own, others := s.SourceNames()
	switch _, listed := s.entries(); {
	case !listed:
		return s.wrong(name, errors.New("the config file lists no organizations"),
			"shards divide the organizations of the config file; leave it out for a single organization")
	case len(own) == 0:
		return s.wrong(name, fmt.Errorf("shard %s has none of the %d organizations in the config file", s.Shard, len(others)),
			"use fewer shards")
	}
	return nil
}
