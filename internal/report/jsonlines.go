package report

import (
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/snapshot"
)

// jsonLine is a line of audit.jsonl: what Type names, as audit.json has it. Organization and its id are empty for what belongs to the run.
type jsonLine struct {
	Type           string `json:"type"`
	RunID          int64  `json:"run_id"`
	OrganizationID string `json:"organization_id"`
	Organization   string `json:"organization"`
	Data           any    `json:"data"`
}

// jsonEnd is the last line. A file without it, or with another number of lines before it, is not whole.
type jsonEnd struct {
	Lines int `json:"lines"`
}

// lineWriter writes lines until one cannot be written.
type lineWriter struct {
	*view
	encoder *jsontext.Encoder
	lines   int
	err     error
}

func (w *lineWriter) add(organization int, kind string, data any) {
	if w.err != nil {
		return
	}
	l := jsonLine{kind, w.Run.ID, "", w.label(organization), data}
	if organization != runLevel {
		l.OrganizationID = w.Organizations[organization].id()
	}
	w.lines++
	w.err = json.MarshalEncode(w.encoder, l, jsonForm)
}

func addLines[T, J any](w *lineWriter, organization int, kind string, items []T, convert func(*T) J) {
	for i := range items {
		w.add(organization, kind, convert(&items[i]))
	}
}

// writeJSONLines writes what audit.json has, an object a line, and nothing of it is held.
func (v *view) writeJSONLines(out io.Writer) error {
	w := &lineWriter{view: v, encoder: jsontext.NewEncoder(out, jsontext.AllowInvalidUTF8(true))}
	w.add(runLevel, "report", v.headJSON())
	for i := range v.Organizations {
		w.organization(i)
	}
	addLines(w, runLevel, "timeline", v.Timeline, changeJSON)
	addLines(w, runLevel, "run", v.Runs, runJSON)
	addLines(w, runLevel, "trend", v.trend(), trendJSON)
	addLines(w, runLevel, "rule", v.Rules, ruleJSON)
	for _, t := range v.tieOuts() {
		w.add(t.organization, "tie_out", v.tieOutJSON(&t))
	}
	w.add(runLevel, "end", jsonEnd{w.lines})
	if w.err != nil {
		return fmt.Errorf("writing %s: %w", fileJSONLines, w.err)
	}
	return nil
}

// organization writes what is known of one organization; of one that is not complete, that it is not.
func (w *lineWriter) organization(i int) {
	o := &w.Organizations[i]
	w.add(i, "organization", w.standingJSON(i))
	addLines(w, i, "finding", o.Findings, findingJSON)
	addLines(w, i, "exchange", o.Exchanges, exchangeJSON)
	if !o.complete() {
		return
	}
	addLines(w, i, "scim_configuration", o.SCIM, func(c *snapshot.SCIMConfiguration) jsonSCIM { return w.scimJSON(i, c) })
	if o.Snapshot.SSONotAssessed == "" {
		addLines(w, i, "sso_configuration", o.SSO, func(c *snapshot.SSOConfiguration) jsonSSO { return w.ssoJSON(i, c) })
	}
	if !o.first() {
		addLines(w, i, "change", o.Changes, changeJSON)
	}
	addLines(w, i, "exception", o.Acceptances, exceptionJSON)
	if o.AuditLog != nil {
		w.add(i, "audit_log", auditLogJSON(o.AuditLog))
	}
}
