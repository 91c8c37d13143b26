package snapshot

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Collected is a complete snapshot to store. The caller sets in Snapshot what the collector
// found. The store sets the id, the outcome, the baseline, the counts of stored rows, the
// hashes and the link.
type Collected struct {
	Snapshot Snapshot
	// Baseline is what Store.Baseline returned. Changes are the differences from it.
	Baseline  Baseline
	Inventory ona.Inventory
	Changes   []diff.Change
	Findings  []finding.Finding
	Exchanges []Exchange
	// Response returns the bytes of the response in Exchanges[i].
	Response func(i int) ([]byte, error)
	// AuditLog is nil if the log was not read on purpose. Candidates are its entries for each
	// of Changes, newest first.
	AuditLog   *AuditLog
	Candidates [][]ona.AuditLogEntry
	// Acceptances are the exceptions that concern the organization.
	Acceptances []finding.Acceptance
}

// SaveComplete stores a complete snapshot in one transaction. It fails if Baseline is not the
// last complete snapshot of the organization, because the changes would then be relative to
// another snapshot.
func (s *Store) SaveComplete(ctx context.Context, c Collected) (Snapshot, error) {
	header := c.Snapshot
	header.Outcome, header.BaselineID = Complete, c.Baseline.Snapshot.ID
	doing := "storing the snapshot of organization " + header.OrganizationID
	err := s.inTransaction(ctx, doing, func(tx *transaction) {
		held := readRecords(ctx, tx, header.OrganizationID)
		if held.last.ID != header.BaselineID {
			tx.fail(fmt.Errorf("its baseline is snapshot %d, but the last complete snapshot is now %d",
				header.BaselineID, held.last.ID))
		}
		header.count(c)
		contents, err := compareTables(contentTables, c.Baseline.content, contentValues(header, c.Inventory))
		tx.fail(err)
		records, err := compareTables(recordTables, held.rows, recordValues(header, c, held.open))
		tx.fail(err)
		parts := partsOf(c)
		header.ContentSHA256, header.RecordsSHA256 = hashOf(contents, nil), hashOf(records, parts)
		writeHeader(ctx, tx, &header, held.organizationKey)
		for _, d := range append(contents, records...) {
			d.write(ctx, tx, held.organizationKey, header.ID)
		}
		storeExchanges(ctx, tx, header.ID, c)
		for _, p := range parts[1:] {
			p.write(ctx, tx, header.ID)
		}
	})
	return header, err
}

// SaveFailed stores a failed snapshot: its header, with the reason, and its findings.
func (s *Store) SaveFailed(ctx context.Context, header Snapshot, findings []finding.Finding) (Snapshot, error) {
	header.Outcome, header.BaselineID = Failed, 0
	err := s.inTransaction(ctx, "storing the failed snapshot of "+header.Source, func(tx *transaction) {
		held := readRecords(ctx, tx, header.OrganizationID)
		firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), findings)
		records, err := compareTables(recordTables, nil, map[*versionTable][][]any{
			findingVersions: findingValues(findings, firstSeen, nil),
		})
		tx.fail(err)
		header.FailingFindings, header.RecordsSHA256 = countFailing(findings), hashOf(records, nil)
		writeHeader(ctx, tx, &header, held.organizationKey)
		var rows [][]any
		for _, v := range records[0].begun {
			rows = append(rows, append([]any{header.ID, v.sha256}, v.values...))
		}
		insertRows(ctx, tx, "failed_findings",
			append([]string{"snapshot_id", "row_sha256"}, findingVersions.columns...), rows)
	})
	return header, err
}

// count sets the counts of stored rows.
func (h *Snapshot) count(c Collected) {
	h.SCIMConfigurations, h.SSOConfigurations = len(c.Inventory.SCIM), len(c.Inventory.SSO)
	h.DomainVerifications = len(c.Inventory.Domains)
	h.Members, h.MemberTokens = len(c.Inventory.Members), len(c.Inventory.MemberTokens)
	h.Changes, h.FailingFindings = len(c.Changes), countFailing(c.Findings)
}

// contentValues returns the values of contentTables that show an inventory. Versions that could not
// be read stay current, but the views of the snapshot omit them.
func contentValues(header Snapshot, inventory ona.Inventory) map[*versionTable][][]any {
	values := map[*versionTable][][]any{
		organizationVersions: {rowOf(&inventory.Organization)},
		scimVersions:         rowsOf(inventory.SCIM),
	}
	if inventory.Policies != nil {
		values[policyVersions] = [][]any{append([]any{header.OrganizationID}, rowOf(inventory.Policies)...)}
	}
	if inventory.SSONotAssessed == "" {
		values[ssoVersions] = rowsOf(inventory.SSO)
	}
	if inventory.DomainsNotAssessed == "" {
		values[domainVersions] = rowsOf(inventory.Domains)
	}
	// If the settings ask for no members, the snapshot ends their versions: prune can then remove
	// them.
	if header.MembersNotAssessed == "" {
		values[memberVersions] = rowsOf(inventory.Members)
	}
	if header.MemberTokensNotAssessed == "" {
		values[memberTokenVersions] = rowsOf(inventory.MemberTokens)
	}
	return values
}

func writeHeader(ctx context.Context, tx *transaction, header *Snapshot, key int64) {
	header.ID = nextID(ctx, tx, "stored_snapshots")
	header.MembersSetting = cmp.Or(header.MembersSetting, MembersOff)
	last := lastLink(ctx, tx)
	header.LedgerNumber = last.number + 1
	values := headerValues(*header)
	header.ChainSHA256 = last.add(ctx, tx, "snapshot", header.ID, values).chain
	columns := slices.Clone(snapshotColumns)
	columns[organizationColumn], values[organizationColumn] = "organization_key", orNull(key)
	insertRows(ctx, tx, "stored_snapshots", columns, [][]any{values})
}

type records struct {
	organizationKey int64
	last            Snapshot // the last complete one; the zero Snapshot if there is none
	rows            versions
	open            ages
}

func readRecords(ctx context.Context, tx *transaction, organizationID string) (held records) {
	var errs [4]error
	if organizationID != "" {
		var found bool
		held.organizationKey, found, errs[0] = first(queryAll(ctx, tx, "reading organizations", (*reader).number,
			"SELECT key FROM organizations WHERE id = ?", organizationID))
		if !found && errs[0] == nil {
			held.organizationKey, _, errs[0] = first(queryAll(ctx, tx, "storing the organization", (*reader).number,
				"INSERT INTO organizations (id) VALUES (?) RETURNING key", organizationID))
		}
	}
	held.last, _, errs[1] = lastComplete(ctx, tx, organizationID, 0, "")
	held.rows, errs[2] = currentVersions(ctx, tx, organizationID, recordTables)
	failed, err := openInFailed(ctx, tx, organizationID, held.last.ID+1, math.MaxInt64)
	errs[3] = err
	tx.fail(cmp.Or(errs[:]...))
	held.open = openBefore(held.last, held.rows, failed)
	return held
}

// recordValues returns the values of recordTables for a complete snapshot.
func recordValues(header Snapshot, c Collected, open ages) map[*versionTable][][]any {
	exceptions, covering := exceptionValues(c.Acceptances)
	firstSeen := open.firstSeen(formatSeconds(header.TakenAt), c.Findings)
	return map[*versionTable][][]any{
		findingVersions:   findingValues(c.Findings, firstSeen, covering),
		exceptionVersions: exceptions,
		carriedVersions:   open.carriedValues(c.Findings),
	}
}

// part has rows that belong to one snapshot only.
type part struct {
	kind    string
	table   string
	columns []string
	rows    [][]any
}

// partsOf returns the parts of a complete snapshot, in the order in which they are hashed.
// storeExchanges writes the first one.
func partsOf(c Collected) []part {
	reading, entries := auditLogValues(c.AuditLog)
	exchanges := valuesOf(c.Exchanges, exchangeValues)
	return []part{
		{"exchange", "stored_exchanges", exchangeColumns, exchanges},
		{"change", "stored_changes", changeColumns, changeValues(c.Changes, c.Candidates)},
		{"audit_log", "audit_log_readings", auditLogColumns, reading},
		{"audit_log_entry", "audit_log_entries", entryColumns, entries},
		{"candidate", "stored_candidates", candidateColumns, candidateValues(c.AuditLog, c.Candidates)},
	}
}

func (p part) write(ctx context.Context, tx *transaction, snapshotID int64) {
	var rows [][]any
	for _, values := range p.rows {
		rows = append(rows, append([]any{snapshotID}, values...))
	}
	insertRows(ctx, tx, p.table, append([]string{"snapshot_id"}, p.columns...), rows)
}

// hashOf returns the SHA-256, in hex, over the row hashes of the tables followed by the records
// of the parts.
func hashOf(tables []difference, parts []part) string {
	digest := evidence.NewDigest()
	for _, d := range tables {
		digest.AddHashes(d.table.kind, d.hashes)
	}
	for _, p := range parts {
		form := evidence.NewForm(p.kind, p.columns...)
		for _, values := range p.rows {
			digest.Add(form, values)
		}
	}
	return digest.Sum()
}

// exchangeColumns are the columns of the view exchanges, except snapshot_id.
var exchangeColumns = []string{
	"number", "method", "request", "response_sha256", "status", "sent_at", "duration_us", "server_date", "records",
	"retries",
}

// exchangeValues returns the values of exchangeColumns. It stores sent_at in whole
// milliseconds.
func exchangeValues(e Exchange) []any {
	return []any{
		int64(e.Number), e.Method, e.Request, e.ResponseSHA256, int64(e.Status),
		ona.FormatTime(time.UnixMilli(e.SentAt.UnixMilli())), e.Duration.Microseconds(), nullSeconds(e.ServerDate),
		int64(e.Records), jsonText(e.Retries, "[]"),
	}
}

func storeExchanges(ctx context.Context, tx *transaction, snapshotID int64, c Collected) {
	storeResponses(ctx, tx, c)
	for _, e := range c.Exchanges {
		var serverDate any // null
		if !e.ServerDate.IsZero() {
			serverDate = e.ServerDate.Unix()
		}
		tx.execute(ctx, fmt.Sprintf("storing request %d", e.Number), `
			INSERT INTO requests (method, body)
			SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM requests WHERE method = ?1 AND body = ?2)`, e.Method, e.Request)
		tx.execute(ctx, fmt.Sprintf("storing exchange %d", e.Number), `
			INSERT INTO stored_exchanges (snapshot_id, number, request_id, response_id,
			  status, sent_ms, duration_us, server_date_s, records, retries)
			VALUES (?, ?,
			  (SELECT id FROM requests WHERE method = ? AND body = ?),
			  (SELECT id FROM responses WHERE sha256 = ?),
			  ?, ?, ?, ?, ?, ?)`, snapshotID, e.Number, e.Method, e.Request, e.ResponseSHA256, e.Status,
			e.SentAt.UnixMilli(), e.Duration.Microseconds(), serverDate, e.Records, jsonText(e.Retries, "[]"))
	}
}

func readExchange(r *reader) Exchange {
	return Exchange{
		Number: r.count(), Method: r.text(), Request: r.text(), Status: r.count(), SentAt: r.instant(),
		Duration: time.Duration(r.number()) * time.Microsecond, ServerDate: r.instant(), Records: r.count(),
		Retries: r.texts(), ResponseSHA256: r.text(), ResponseSize: r.number(),
	}
}

// Exchanges returns the requests of a snapshot with their responses, in order.
func (s *Store) Exchanges(ctx context.Context, snapshotID int64) ([]Exchange, error) {
	return queryAll(ctx, s.db, "reading exchanges", readExchange, `
		SELECT e.number, e.method, e.request, e.status, e.sent_at, e.duration_us, e.server_date, e.records, e.retries,
		  e.response_sha256, r.size
		FROM exchanges e
		JOIN responses r ON r.sha256 = e.response_sha256
		WHERE e.snapshot_id = ?
		ORDER BY e.number`, snapshotID)
}

// storeResponses stores the bytes of each response once, and only hash and size of those that are
// withheld. It restores bytes that retention removed.
func storeResponses(ctx context.Context, tx *transaction, c Collected) {
	bodies := make([][]byte, len(c.Exchanges)) // compressed; nil for those that are stored or not kept
	var compressing errgroup.Group
	compressing.SetLimit(runtime.GOMAXPROCS(0)) // on one processor it takes a fifth of the time of a long listing
	for i, e := range c.Exchanges {
		_, stored, err := first(queryAll(ctx, tx, "looking for a stored response", (*reader).number,
			"SELECT 1 FROM responses WHERE sha256 = ? AND body IS NOT NULL", e.ResponseSHA256))
		tx.fail(err)
		if err == nil && !stored && !e.ResponseWithheld {
			compressing.Go(func() (err error) {
				bodies[i], err = compress(c.Response, i)
				return err
			})
		}
	}
	if err := compressing.Wait(); err != nil {
		tx.fail(fmt.Errorf("compressing the responses: %w", err))
	}
	for i, e := range c.Exchanges {
		doing, crc := fmt.Sprintf("storing response %d", e.Number), int64(crc32.ChecksumIEEE(bodies[i]))
		restored, body := 0, any(nil)
		if bodies[i] != nil {
			body = bodies[i]
			restored = tx.execute(ctx, doing,
				"UPDATE responses SET body = ?, body_crc32 = ? WHERE sha256 = ? AND body IS NULL", body, crc, e.ResponseSHA256)
		}
		if restored == 0 && (body != nil || e.ResponseWithheld) {
			tx.execute(ctx, doing, `
				INSERT INTO responses (sha256, size, body, body_crc32)
				SELECT ?1, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM responses WHERE sha256 = ?1)`,
				e.ResponseSHA256, e.ResponseSize, body, crc)
		}
	}
}

// compressors are reused. A new one takes 800 kB; with a thousand small organizations they
// would take most of the memory and time.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}

func compress(response func(i int) ([]byte, error), i int) ([]byte, error) {
	body, err := response(i)
	if err != nil {
		return nil, err
	}
	var compressed bytes.Buffer
	w := compressors.Get().(*zlib.Writer)
	defer compressors.Put(w)
	w.Reset(&compressed)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}
