package snapshot_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// The sizes that docs/database.md states are those of a year: go test ./internal/snapshot -run TestStorageOfManyNights -v -nights 365 -configurations 10000
var (
	nights         = flag.Int("nights", 12, "nights that TestStorageOfManyNights stores")
	configurations = flag.Int("configurations", 500, "configurations that it stores each night")
)

// company is an organization of which one configuration in a thousand changes each night.
type company struct {
	random *rand.Rand
	scim   []ona.SCIMConfiguration
}

func newCompany(size int) *company {
	c := &company{random: rand.New(rand.NewPCG(1, 2))}
	for range size {
		c.scim = append(c.scim, ona.SCIMConfiguration{
			ID: c.uuid(), OrganizationID: acme, Name: fmt.Sprintf("Okta team %d", c.random.IntN(1e6)), Enabled: true,
			SSOConfigurationID: fmt.Sprintf("0f5a1c52-0000-4000-8000-%012d", c.random.IntN(20)),
			CreatedAt:          c.instant(), UpdatedAt: c.instant(), TokenExpiresAt: firstNight.AddDate(2, 0, c.random.IntN(300)),
		})
	}
	slices.SortFunc(c.scim, func(a, b ona.SCIMConfiguration) int { return strings.Compare(a.ID, b.ID) })
	for i := range c.scim {
		c.scim[i].Raw = asReceived(c.scim[i])
	}
	return c
}

func (c *company) uuid() string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", c.random.Uint32(), c.random.IntN(1<<16), c.random.IntN(1<<12), c.random.IntN(1<<12), c.random.Int64N(1<<48))
}

func (c *company) instant() time.Time {
	return firstNight.Add(-time.Duration(c.random.Int64N(int64(365 * 24 * time.Hour)))).Truncate(time.Millisecond)
}

// asReceived is the JSON of a server that leaves out zeros and writes as many digits of a second as there are.
func asReceived(c ona.SCIMConfiguration) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"organizationId":%q,"name":%q,"enabled":true,"ssoConfigurationId":%q,"createdAt":%q,"updatedAt":%q,"tokenExpiresAt":%q}`,
		c.ID, c.OrganizationID, c.Name, c.SSOConfigurationID, c.CreatedAt.Format(time.RFC3339Nano), c.UpdatedAt.Format(time.RFC3339Nano),
		c.TokenExpiresAt.Format(time.RFC3339Nano)))
}

// age changes one configuration in a thousand.
func (c *company) age() {
	for range max(len(c.scim)/1000, 1) {
		one := &c.scim[c.random.IntN(len(c.scim))]
		one.Name, one.UpdatedAt = fmt.Sprintf("Okta team %d", c.random.IntN(1e6)), one.UpdatedAt.Add(time.Duration(c.random.IntN(1e9))*time.Millisecond)
		one.Raw = asReceived(*one)
	}
}

// exchanges are the answers, 100 configurations a page.
func (c *company) exchanges(takenAt time.Time) (all []snapshot.Exchange, bodies [][]byte) {
	sent := takenAt
	for page := range slices.Chunk(c.scim, 100) {
		var rows []string
		for _, one := range page {
			rows = append(rows, string(one.Raw))
		}
		body := []byte(`{"scimConfigurations":[` + strings.Join(rows, ",") + `]}`)
		sum := sha256.Sum256(body)
		took := time.Duration(20_000+c.random.IntN(60_000)) * time.Microsecond
		all = append(all, snapshot.Exchange{
			Number: len(all) + 1, Method: "gitpod.v1.OrganizationService/ListSCIMConfigurations", Request: fmt.Sprintf(`{"pagination":{"pageSize":100,"token":"%d"}}`, len(all)),
			Status: 200, SentAt: sent, Duration: took, ServerDate: sent.Truncate(time.Second), Records: len(page),
			ResponseSHA256: hex.EncodeToString(sum[:]), ResponseSize: int64(len(body)),
		})
		bodies = append(bodies, body)
		sent = sent.Add(took)
	}
	return all, bodies
}

func (c *company) store(t testing.TB, store *snapshot.Store, takenAt time.Time) snapshot.Snapshot {
	t.Helper()
	ctx := t.Context()
	runID, err := store.BeginRun(ctx, snapshot.Run{StartedAt: takenAt, Trigger: "schedule", ToolVersion: "v1.0.0", Host: "audit-host"})
	if err != nil {
		t.Fatal(err)
	}
	baseline, _, err := store.Baseline(ctx, acme)
	if err != nil {
		t.Fatal(err)
	}
	inv := inventory(c.scim...)
	// The rules look at one configuration: the findings are those of an organization in good order.
	in := finding.Input{TakenAt: takenAt, Inventory: inventory(scim("a", "Okta")), BaseURL: "https://app.gitpod.io/api", Principal: "PRINCIPAL_USER"}
	if baseline.Snapshot.ID != 0 {
		in.Baseline = &finding.Baseline{OrganizationID: acme, BaseURL: in.BaseURL, Principal: in.Principal}
	}
	exchanges, bodies := c.exchanges(takenAt)
	saved, err := store.SaveComplete(ctx, snapshot.Collected{
		Snapshot: snapshot.Snapshot{
			RunID: runID, Source: "acme", OrganizationID: acme, OrganizationName: "Acme", OrganizationTier: "ENTERPRISE",
			BaseURL: in.BaseURL, PrincipalID: acme, Principal: "PRINCIPAL_USER", TakenAt: takenAt, Pages: len(exchanges) + 1,
			SCIMReceived: len(c.scim), SCIMDistinct: len(c.scim), SSOReceived: 1, SSODistinct: 1,
		},
		Baseline: baseline, Inventory: inv, Findings: finding.Evaluate(in, finding.DefaultThresholds()), Exchanges: exchanges, Response: inMemory(bodies...),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(ctx, runID, takenAt.Add(time.Minute), snapshot.Complete, ""); err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestStorageOfManyNights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	c := newCompany(*configurations)
	for n := range *nights {
		if n > 0 {
			c.age()
		}
		c.store(t, store, night(n+1))
	}
	sizes := tableSizes(t, db)
	for _, s := range sizes {
		t.Logf("%9d bytes %s", s.bytes, s.name)
	}
	// A row of a configuration with its index, and what empty tables take.
	limit := int64(850*(*configurations+(*nights-1)*max(*configurations/1000, 1)) + 4*4096)
	var stored int64
	for _, s := range sizes {
		if strings.Contains(s.name, "scim_versions") {
			stored += s.bytes
		}
	}
	t.Logf("%9d bytes of configurations and history", stored)
	if stored > limit {
		t.Errorf("configurations and history take %d bytes, more than %d", stored, limit)
	}
	const quiet = 20
	before := total(tableSizes(t, db))
	for n := range quiet {
		c.store(t, store, night(*nights+n+1))
	}
	growth := (total(tableSizes(t, db)) - before) / quiet
	t.Logf("%9d bytes for a quiet night", growth)
	if growth > 2048 {
		t.Errorf("a quiet night grows the database by %d bytes, more than 2 KiB", growth)
	}
}

type tableSize struct {
	name  string
	bytes int64
}

// tableSizes is the space on pages that hold each table and index.
func tableSizes(t testing.TB, db *sql.DB) []tableSize {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC, 1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []tableSize
	for rows.Next() {
		var s tableSize
		if err := rows.Scan(&s.name, &s.bytes); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func total(sizes []tableSize) (sum int64) {
	for _, s := range sizes {
		sum += s.bytes
	}
	return sum
}
