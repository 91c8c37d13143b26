package finding

import (
	"hash/maphash"
	"maps"
	"slices"

	"scim-auditor/internal/ona"
)

// grouping finds SCIM configurations that have the same key. A map of all keys would take most of what a long listing may: so only a hash of
// each is kept, and a second look at the listing is taken where two are alike.
type grouping struct {
	scim   []ona.SCIMConfiguration
	key    func(*ona.SCIMConfiguration) string // empty for a configuration that is in no group
	seed   maphash.Seed
	hashes []uint64
}

func newGrouping(scim []ona.SCIMConfiguration, key func(*ona.SCIMConfiguration) string) *grouping {
	return &grouping{scim: scim, key: key, seed: maphash.MakeSeed()}
}

func (g *grouping) add(c *ona.SCIMConfiguration) {
	if key := g.key(c); key != "" {
		if g.hashes == nil {
			g.hashes = make([]uint64, 0, len(g.scim)) // grown step by step, it would take twice that for a moment
		}
		g.hashes = append(g.hashes, maphash.String(g.seed, key))
	}
}

// count is how many configurations have a key.
func (g *grouping) count() int { return len(g.hashes) }

// shared gives, by key, the configurations of each group of more than one, in the order of the listing.
func (g *grouping) shared() map[string][]subject {
	groups := make(map[string][]subject)
	if repeated := g.repeated(); len(repeated) > 0 {
		for i := range g.scim {
			c := &g.scim[i]
			if key := g.key(c); key != "" && repeated[maphash.String(g.seed, key)] {
				groups[key] = append(groups[key], scimSubject(c))
			}
		}
	}
	maps.DeleteFunc(groups, func(_ string, group []subject) bool { return len(group) == 1 })
	return groups
}

// repeated is the hashes that occur more than once; that two keys have the same is possible.
func (g *grouping) repeated() map[uint64]bool {
	slices.Sort(g.hashes)
	found := make(map[uint64]bool)
	for i := 1; i < len(g.hashes); i++ {
		if g.hashes[i-1] == g.hashes[i] {
			found[g.hashes[i]] = true
		}
	}
	return found
}
