package snapshot

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"scim-auditor/internal/evidence"
)

// allTables are the pairs of tables that hold what snapshots show.
var allTables = []table{organizationKind.table, policiesKind.table, scimKind.table, ssoKind.table, exchangeTable, findingTable}

// hashedView says how the rows of a view, or of a table that serves as well, are hashed.
type hashedView struct {
	kind, order string
}

var hashedViews = map[string]hashedView{
	"organization_details":  {"organization", "id"},
	"organization_policies": {"policies", "id"},
	"scim_configurations":   {"scim", "id"},
	"sso_configurations":    {"sso", "id"},
	"exchanges":             {"exchange", "number"},
	"changes":               {"change", "number"},
	"findings":              {"finding", "fingerprint"},
	"audit_log_readings":    {"audit_log", "snapshot_id"},
	"audit_log_entries":     {"audit_log_entry", "number"},
	"stored_candidates":     {"candidate", "change_number, entry_number"},
	"exceptions":            {"exception", "number"},
	"finding_exceptions":    {"finding_exception", "fingerprint"},
	"carried_findings":      {"carried_finding", "fingerprint"},
}

// What a snapshot's two hashes cover, in this order.
var (
	contentViews = []string{"organization_details", "organization_policies", "scim_configurations", "sso_configurations"}
	recordViews  = []string{"exchanges", "changes", "findings", "audit_log_readings", "audit_log_entries", "stored_candidates", "exceptions",
		"finding_exceptions", "carried_findings"}
)

// notHashed are the columns of the views that come from the header or are made of other rows.
var notHashed = []string{"snapshot_id", "taken_at", "organization_id", "organization_name", "baseline_id", "sso_configuration_name", "days_open"}

func (v *verifier) hashedColumns(name string) (columns []string, err error) {
	err = v.eachRow(func(values []any) error {
		if column := values[0].(string); !slices.Contains(notHashed, column) {
			columns = append(columns, column)
		}
		return nil
	}, "SELECT name FROM pragma_table_info(?) ORDER BY cid", name)
	return columns, err
}

// checkSnapshots recomputes the hashes of every snapshot and the chain over all of them.
func (v *verifier) checkSnapshots() error {
	var headers [][]any
	if err := v.eachRow(func(values []any) error {
		headers = append(headers, values)
		return nil
	}, "SELECT "+strings.Join(snapshotColumns, ", ")+", pruned_at FROM snapshots ORDER BY id"); err != nil {
		return err
	}
	previous := ""
	for i, values := range headers {
		h := stored(values)
		v.found.Snapshots++
		if h.id() != int64(i+1) {
			v.problem(Problem{SnapshotID: h.id(), Subject: "register", Text: fmt.Sprintf("the register has a gap: snapshot %d follows %d", h.id(), i)})
		}
		if err := v.checkChain(h, previous); err != nil {
			return err
		}
		if h.text("pruned_at") != "" {
			v.found.Pruned++
		} else if err := v.checkHashes(h); err != nil {
			v.problem(Problem{SnapshotID: h.id(), Subject: "snapshot", Text: "it cannot be read: " + err.Error()})
		}
		previous = h.text("chain_sha256")
	}
	return nil
}

// stored is a row of snapshots: the values of snapshotColumns, then pruned_at.
type stored []any

func (h stored) id() int64 { return h[0].(int64) }

func (h stored) value(column string) any {
	if column == "pruned_at" {
		return h[len(h)-1]
	}
	return h[slices.Index(snapshotColumns, column)]
}

func (h stored) text(column string) string {
	text, _ := h.value(column).(string)
	return text
}

func (v *verifier) checkChain(h stored, previous string) error {
	var run []any
	if err := v.eachRow(func(values []any) error {
		run = values
		return nil
	}, "SELECT "+strings.Join(runColumns, ", ")+" FROM runs WHERE id = ?", h.value("run_id")); err != nil {
		return err
	}
	if run == nil {
		v.problem(Problem{SnapshotID: h.id(), Subject: "run_id", Text: fmt.Sprint("there is no run ", h.value("run_id"))})
		return nil
	}
	header := h[:len(snapshotColumns)-1]
	v.compare(h, "chain_sha256", evidence.Chain(previous, runForm, run, snapshotForm, header), "the header, its run or the chain before it was altered")
	return nil
}

// checkHashes recomputes what a snapshot that is whole says of its configurations and records.
func (v *verifier) checkHashes(h stored) error {
	counts := make(map[string]int)
	digests := [2]*evidence.Digest{evidence.NewDigest(), evidence.NewDigest()}
	for i, views := range [][]string{contentViews, recordViews} {
		for _, name := range views {
			rows, err := v.digestOf(digests[i], name, h.id())
			if err != nil {
				return err
			}
			counts[name] = rows
		}
	}
	if h.text("outcome") == string(Complete) {
		v.compare(h, "content_sha256", digests[0].Sum(), "a configuration, the policies or the organization was altered")
	} else if n := counts["scim_configurations"] + counts["sso_configurations"]; n > 0 {
		v.problem(Problem{SnapshotID: h.id(), Subject: "configurations", Text: "a failed snapshot shows configurations"})
	}
	v.compare(h, "records_sha256", digests[1].Sum(), "an exchange, a change, a finding or what they were judged by was altered")
	for column, name := range map[string]string{"scim_configurations": "scim_configurations", "sso_configurations": "sso_configurations", "changes": "changes"} {
		if want := h.value(column); want != int64(counts[name]) {
			v.problem(Problem{SnapshotID: h.id(), Subject: column, Text: "the header's count is not that of the rows",
				Want: fmt.Sprint(want), Got: fmt.Sprint(counts[name])})
		}
	}
	return nil
}

func (v *verifier) compare(h stored, column, got, text string) {
	if want := h.text(column); want != got {
		v.problem(Problem{SnapshotID: h.id(), Subject: column, Text: text, Want: want, Got: got})
	}
}

// checkResponses takes the hash of every answer's bytes.
func (v *verifier) checkResponses() error {
	return v.eachRow(func(values []any) error {
		body, there := values[2].([]byte)
		if !there {
			v.found.ResponsesRemoved++
			return nil
		}
		v.found.Responses++
		want, subject := fmt.Sprint(values[0]), fmt.Sprint("answer ", values[0])
		if int64(crc32.ChecksumIEEE(body)) != values[3] {
			v.problem(Problem{Subject: subject, Text: "its stored bytes were altered", Want: fmt.Sprint(values[3]), Got: fmt.Sprint(crc32.ChecksumIEEE(body))})
		}
		sum, size, err := hashCompressed(body, values[1].(int64))
		switch {
		case err != nil:
			v.problem(Problem{Subject: subject, Text: "its stored bytes cannot be decompressed: " + err.Error()})
		case sum != want:
			v.problem(Problem{Subject: subject, Text: "its bytes are others", Want: want, Got: sum})
		case size != values[1]:
			v.problem(Problem{Subject: subject, Text: "its size is another", Want: fmt.Sprint(values[1]), Got: fmt.Sprint(size)})
		}
		return nil
	}, "SELECT sha256, size, body, body_crc32 FROM responses ORDER BY sha256")
}

func hashCompressed(body []byte, want int64) (sum string, size int64, err error) {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	// A body that was altered can be of any length: one byte too many says enough.
	size, err = io.Copy(hash, io.LimitReader(r, want+1))
	return hex.EncodeToString(hash.Sum(nil)), size, err
}
