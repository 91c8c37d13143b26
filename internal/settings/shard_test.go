package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The shards of these names are promised for ever: docs/fleet.md has the rule, and Python computes
// the same with hashlib.
func TestTheShardOfASourceNeverChanges(t *testing.T) {
	for name, want := range map[string][]int{ // with 1, 2, 4, 5 and 16 shards
		"acme": {0, 1, 1, 1, 1}, "globex": {0, 1, 1, 1, 5}, "Müller & Söhne": {0, 1, 2, 4, 4},
	} {
		for i, count := range []int{1, 2, 4, 5, 16} {
			if got := ShardOf(name, count); got != want[i] {
				t.Errorf("%q is in shard %d of %d, want %d", name, got, count, want[i])
			}
		}
	}
}

func TestEverySourceHasOneShardAndAFurtherShardTakesItsOwnOnly(t *testing.T) {
	const sources = 10_000
	counts := make([]int, 5)
	for i := range sources {
		name := fmt.Sprintf("customer-%05d", i)
		before, after := ShardOf(name, 4), ShardOf(name, 5)
		if after != before && after != 4 {
			t.Fatalf("%s moves from shard %d to %d, which is not the new one", name, before, after)
		}
		counts[after]++
		owners := 0
		for index := range 5 {
			if (Shard{index, 5}).Has(name) {
				owners++
			}
		}
		if owners != 1 {
			t.Fatalf("%s belongs to %d shards", name, owners)
		}
	}
	for index, n := range counts {
		if n < sources/5*9/10 || n > sources/5*11/10 {
			t.Errorf("shard %d of 5 has %d of %d sources", index, n, sources)
		}
	}
}

// A shard without an organization is an error, so the sample must start as it is.
func TestTheOrganizationsOfTheSampleFillItsShards(t *testing.T) {
	text, err := os.ReadFile("../../packaging/kubernetes/fleet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "completions: ")
	var count int
	if _, err := fmt.Sscan(after, &count); err != nil || count < 2 {
		t.Fatalf("%d shards: %v", count, err)
	}
	empty := make(map[int]bool)
	for index := range count {
		empty[index] = true
	}
	for line := range strings.Lines(string(text)) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "- name: "); found {
			delete(empty, ShardOf(name, count))
		}
		if strings.HasPrefix(line, "---") {
			break // the end of the config file
		}
	}
	if len(empty) > 0 {
		t.Errorf("no organization is in the shards %v of %d", empty, count)
	}
}

const fleet = `
db: fleet/{shard}/auditor.db
organizations:
  - {name: acme, token_env: ACME}
  - {name: globex, token_env: GLOBEX, token_expires: 2027-01-31}
  - {name: initech, token_env: INITECH}
  - {name: umbrella, token_env: UMBRELLA}
`

func TestAShardCollectsItsOrganizationsIntoItsDatabase(t *testing.T) {
	var all []string
	for index := range 2 {
		s, err := load(t, fleet, map[string]string{"AUDITOR_SHARD": fmt.Sprintf("%d/2", index),
			"ACME": "token-of-acme", "GLOBEX": "token-of-globex", "INITECH": "token-of-initech",
			"UMBRELLA": "token-of-umbrella"},
			map[string]string{"out": "reports/{shard}"})
		if err != nil {
			t.Fatal(err)
		}
		if s.DB != fmt.Sprintf("fleet/%d/auditor.db", index) || s.Out != fmt.Sprintf("reports/%d", index) {
			t.Errorf("shard %d: database %s, reports %s", index, s.DB, s.Out)
		}
		sources, err := s.Sources(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, source := range sources {
			if !s.Shard.Has(source.Name) {
				t.Errorf("shard %s collects %s", s.Shard, source.Name)
			}
			all = append(all, source.Name)
		}
		if _, warns := s.TokenExpiries["globex"]; warns != s.Shard.Has("globex") {
			t.Errorf("shard %s warns about the token of globex: %t", s.Shard, warns)
		}
	}
	if len(all) != 4 {
		t.Errorf("the shards collect %v", all)
	}
}

func TestTheDatabasesOfOtherShardsAreThoseThatExist(t *testing.T) {
	dir := t.TempDir()
	for _, index := range []string{"0", "1", "4", "x"} {
		if err := os.Mkdir(filepath.Join(dir, index), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, index, "auditor.db"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := load(t, fleet, nil, map[string]string{"shard": "1/2", "db": filepath.Join(dir, "{shard}", "auditor.db")})
	if err != nil {
		t.Fatal(err)
	}
	paths, known := s.OtherDatabases()
	want := []string{filepath.Join(dir, "0", "auditor.db"), filepath.Join(dir, "4", "auditor.db")}
	if !known || !slices.Equal(paths, want) {
		t.Errorf("known %t: %v, want %v", known, paths, want)
	}
	s, err = load(t, fleet, nil, map[string]string{"shard": "1/2", "db": filepath.Join(dir, "1", "auditor.db")})
	if err != nil {
		t.Fatal(err)
	}
	if paths, known := s.OtherDatabases(); known || paths != nil {
		t.Errorf("without {shard}: known %t: %v", known, paths)
	}
}

func TestTheNumberOfAPodIsTheShard(t *testing.T) {
	s, err := load(t, fleet, map[string]string{"JOB_COMPLETION_INDEX": "1", "AUDITOR_SHARDS": "2"}, nil)
	if err != nil || s.Shard != (Shard{1, 2}) {
		t.Errorf("shard %v, error %v", s.Shard, err)
	}
	// Without shards, the variable of a Job with one pod means nothing.
	s, err = load(t, "", map[string]string{"JOB_COMPLETION_INDEX": "1"}, nil)
	if err != nil || s.Shard != (Shard{}) {
		t.Errorf("shard %v, error %v", s.Shard, err)
	}
}

func TestAWrongShardIsRefused(t *testing.T) {
	for _, test := range []struct {
		config    string
		variables map[string]string
		args      map[string]string
		want      string
	}{
		{fleet, nil, nil, "db: fleet/{shard}/auditor.db has {shard}, and no shard is set"},
		{fleet, nil, map[string]string{"shard": "2/2"}, `--shard: "2/2": the shards of 2 are 0 to 1`},
		{fleet, nil, map[string]string{"shard": "-1/2"}, `--shard: "-1/2": the shards of 2 are 0 to 1`},
		{fleet, nil, map[string]string{"shard": "1"}, `--shard: "1" is no shard such as 0/4`},
		{fleet, nil, map[string]string{"shard": "0/0"}, `the number of shards is not from 1 to 1000`},
		{fleet, nil, map[string]string{"shard": "0/1001"}, `the number of shards is not from 1 to 1000`},
		{fleet, map[string]string{"AUDITOR_SHARD": "x/2"}, nil, `environment variable AUDITOR_SHARD: "x/2" is no shard`},
		{fleet, nil, map[string]string{"shards": "2"}, "--shards: JOB_COMPLETION_INDEX is not set"},
		{fleet, nil, map[string]string{"shards": "2", "shard": "0/4"}, "--shards: 2 contradicts the shard 0/4"},
		{fleet, map[string]string{"JOB_COMPLETION_INDEX": "2"}, map[string]string{"shards": "2"},
			`--shards: "2/2": the shards of 2 are 0 to 1`},
		{fleet, nil, map[string]string{"shard": "0/900"}, "shard 0/900 has none of the 4 organizations"},
		{"", nil, map[string]string{"shard": "0/1"}, "--shard: the config file lists no organizations"},
	} {
		if _, err := load(t, test.config, test.variables, test.args); err == nil ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%v %v: %v, want %q", test.variables, test.args, err, test.want)
		}
	}
}
