package report

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// The files in the Open Cybersecurity Schema Framework, with one event on each line.
const (
	findingEventsFile = "findings.ocsf.jsonl"
	changeEventsFile  = "changes.ocsf.jsonl"
)

// ocsfVersion is the version of the schema: https://github.com/ocsf/ocsf-schema/tree/1.8.0
const ocsfVersion = "1.8.0"

// The classes of the events, and their categories.
const (
	findingsCategory, complianceFinding = 2, 2003
	iamCategory, entityManagement       = 3, 3004
)

// otherID is the id of a value for which the schema has no id. A text beside it has the value.
const otherID = 99

// ocsfEvent has the attributes that both classes have. Instants are milliseconds since 1970.
type ocsfEvent struct {
	CategoryUID  int    `json:"category_uid"`
	ClassUID     int    `json:"class_uid"`
	ActivityID   int    `json:"activity_id"`
	ActivityName string `json:"activity_name"`
	TypeUID      int    `json:"type_uid"`
	Time         int64  `json:"time"`
	SeverityID   int    `json:"severity_id"`
	Severity     string `json:"severity"`
	Message      string `json:"message"`
	Comment      string `json:"comment,omitempty"`
	Metadata     struct {
		UID     string `json:"uid"` // the same in every report that has the event
		Version string `json:"version"`
		Product struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"product"`
		TenantUID string `json:"tenant_uid,omitempty"` // id of the organization
		Logged    int64  `json:"logged_time"`          // when the snapshot was taken
	} `json:"metadata"`
	Unmapped struct {
		RunID        int64  `json:"run_id"`
		SnapshotID   int64  `json:"snapshot_id"`
		Organization string `json:"organization"`
		Kind         string `json:"kind,omitempty"` // of a change
	} `json:"unmapped"`
}

type complianceEvent struct {
	ocsfEvent
	FindingInfo struct {
		UID      string `json:"uid"` // the fingerprint
		Title    string `json:"title"`
		Analytic struct {
			UID    string `json:"uid"`
			TypeID int    `json:"type_id"`
			Type   string `json:"type"`
		} `json:"analytic"`
		FirstSeen int64 `json:"first_seen_time,omitzero"`
		LastSeen  int64 `json:"last_seen_time,omitzero"`
	} `json:"finding_info"`
	Compliance  ocsfCompliance `json:"compliance"`
	Remediation struct {
		Desc string `json:"desc"`
	} `json:"remediation,omitzero"`
	Resources []ocsfResource `json:"resources,omitempty"`
}

type ocsfCompliance struct {
	Control      string   `json:"control"` // the rule
	Standards    []string `json:"standards"`
	Requirements []string `json:"requirements"`
	StatusID     int      `json:"status_id"`
	Status       string   `json:"status"`
	StatusDetail string   `json:"status_detail"`
}

type ocsfResource struct {
	UID  string `json:"uid,omitempty"`
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
}

type entityEvent struct {
	ocsfEvent
	Actor struct {
		User struct {
			UID  string `json:"uid"`
			Name string `json:"name,omitempty"`
			Type string `json:"type,omitempty"`
		} `json:"user"`
	} `json:"actor,omitzero"`
	Entity ocsfEntity `json:"entity"`
	Result ocsfEntity `json:"entity_result"`
}

type ocsfEntity struct {
	UID    string         `json:"uid,omitempty"`
	Name   string         `json:"name,omitempty"`
	TypeID int            `json:"type_id"`
	Type   string         `json:"type"`
	Data   jsontext.Value `json:"data,omitzero"` // the field that changed, or the whole configuration
}

// writeFindingEvents writes the findings as events of the class Compliance Finding.
func (r *report) writeFindingEvents(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for i, o := range r.Organizations {
		for _, f := range o.sortedFindings() {
			if err := writeEvent(out, r.findingEvent(i, f)); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// writeChangeEvents writes the changes as events of the class Entity Management.
func (r *report) writeChangeEvents(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for i, o := range r.Organizations {
		for j := range o.Changes {
			if err := writeEvent(out, r.changeEvent(i, &o.Changes[j])); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func writeEvent(out *bufio.Writer, event any) error {
	err := json.MarshalWrite(out, event, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	return out.WriteByte('\n')
}

// event returns the common attributes of an event about an organization.
func (r *report) event(organization, category, class int, activity ocsfActivity, severity diff.Severity,
	uid string, at time.Time) ocsfEvent {
	o, level := r.Organizations[organization], ocsfSeverities[severity]
	e := ocsfEvent{
		CategoryUID: category, ClassUID: class, ActivityID: activity.id, ActivityName: activity.name,
		TypeUID: class*100 + activity.id, Time: at.UnixMilli(), SeverityID: level.id, Severity: level.name,
	}
	e.Metadata.UID, e.Metadata.TenantUID, e.Metadata.Logged = uid, o.id(), o.Snapshot.TakenAt.UnixMilli()
	e.Metadata.Version, e.Metadata.Product.Name, e.Metadata.Product.Version = ocsfVersion, "auditor", r.writer()
	e.Unmapped.RunID, e.Unmapped.SnapshotID = o.Snapshot.RunID, o.Snapshot.ID
	e.Unmapped.Organization = r.label(organization)
	return e
}

// ocsfSeverities has the severities of the schema. The zero value stands for any other severity.
var ocsfSeverities = map[diff.Severity]struct {
	id   int
	name string
}{
	diff.Info: {1, "Informational"}, diff.Low: {2, "Low"}, diff.Medium: {3, "Medium"}, diff.High: {4, "High"},
	diff.Critical: {5, "Critical"},
}

type ocsfActivity struct {
	id   int
	name string
}

func (r *report) findingEvent(organization int, f *snapshot.Finding) complianceEvent {
	taken := r.Organizations[organization].Snapshot.TakenAt
	activity, at := ocsfActivity{otherID, "Evaluate"}, taken // a finding that is not open
	if !f.FirstSeen.IsZero() {
		activity, at = ocsfActivity{2, "Update"}, f.FirstSeen
	}
	if f.FirstSeen.Equal(taken) {
		activity = ocsfActivity{1, "Create"}
	}
	accepted := AcceptedText(f)
	e := complianceEvent{
		ocsfEvent: r.event(organization, findingsCategory, complianceFinding, activity, f.Severity,
			findingEventID(f, accepted), at),
		Compliance: r.compliance(f),
	}
	e.FindingInfo.UID, e.FindingInfo.Title = f.Fingerprint, f.Title
	rule := &e.FindingInfo.Analytic
	rule.UID, rule.TypeID, rule.Type = f.RuleID, 1, "Rule"
	if !f.FirstSeen.IsZero() {
		e.FindingInfo.FirstSeen, e.FindingInfo.LastSeen = f.FirstSeen.UnixMilli(), f.LastSeen.UnixMilli()
	}
	e.Message, e.Comment = f.Title+": "+f.Observed, accepted
	if f.Remedy != "" && f.Status != finding.Pass {
		e.Remediation.Desc = f.Remedy
	}
	if f.SubjectID != "" || f.SubjectName != "" {
		e.Resources = []ocsfResource{{f.SubjectID, f.SubjectName, string(f.SubjectType)}}
	}
	return e
}

// findingEventID stays the same in every night until the outcome of the finding changes.
func findingEventID(f *snapshot.Finding, accepted string) string {
	var opened string
	if !f.FirstSeen.IsZero() {
		opened = UTC(f.FirstSeen)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{
		f.Fingerprint, string(f.Status), string(f.Severity), f.Observed, opened, accepted,
	}))
	return hex.EncodeToString(sum[:])
}

// compliance returns the outcome of a rule. The schema has no id for a rule that was not assessed
// or whose failure is accepted.
func (r *report) compliance(f *snapshot.Finding) ocsfCompliance {
	c := ocsfCompliance{
		Control: f.RuleID, Standards: []string{}, Requirements: []string{},
		StatusID: otherID, Status: string(f.Status), StatusDetail: f.Observed,
	}
	switch f.Status {
	case finding.Pass:
		c.StatusID, c.Status = 1, "Pass"
	case finding.Fail:
		c.StatusID, c.Status = 3, "Fail"
	}
	for _, rule := range r.Rules {
		if rule.ID != f.RuleID {
			continue
		}
		for _, framework := range finding.Frameworks {
			controls := rule.Controls(framework)
			if len(controls) > 0 {
				c.Standards = append(c.Standards, framework)
			}
			for _, control := range controls {
				c.Requirements = append(c.Requirements, framework+" "+control)
			}
		}
	}
	return c
}

// ocsfActivities has the activities of the schema by kind of change. Every other kind is an update.
var ocsfActivities = map[diff.Kind]ocsfActivity{
	diff.Added: {1, "Create"}, diff.Reappeared: {1, "Create"}, diff.Removed: {4, "Delete"}, diff.Renamed: {5, "Move"},
	diff.Enabled: {8, "Enable"}, diff.Disabled: {9, "Disable"}, diff.Joined: {1, "Create"}, diff.Left: {4, "Delete"},
	diff.Suspended: {12, "Suspend"}, diff.Reinstated: {13, "Resume"},
}

func (r *report) changeEvent(organization int, c *snapshot.Change) entityEvent {
	activity, known := ocsfActivities[c.Kind]
	if !known {
		activity = ocsfActivity{3, "Update"}
	}
	at := c.TakenAt
	if !c.ActorAt.IsZero() {
		at = c.ActorAt
	}
	e := entityEvent{
		ocsfEvent: r.event(organization, iamCategory, entityManagement, activity, c.Severity, c.ID(), at),
		Entity:    changedEntity(c, c.Before),
		Result:    changedEntity(c, c.After),
	}
	e.Comment, e.Unmapped.Kind = c.Note, string(c.Kind)
	e.Message = fmt.Sprintf("%s: %s", strings.TrimSpace(c.SubjectName+" "+c.SubjectID), whatChanged(c))
	if c.ActorID != "" {
		user := &e.Actor.User
		user.UID, user.Name, user.Type = c.ActorID, c.ActorName, c.ActorPrincipal
	}
	return e
}

// changedEntity returns the subject of a change with the value of the field before or after it.
// Without a field, the value is the whole configuration as JSON.
func changedEntity(c *snapshot.Change, value string) ocsfEntity {
	e := ocsfEntity{UID: c.SubjectID, Name: c.SubjectName, TypeID: otherID, Type: string(c.SubjectType)}
	switch c.SubjectType {
	case diff.Organization:
		e.TypeID, e.Type = 4, "Organization"
	case diff.Member:
		e.TypeID, e.Type = 2, "User"
	}
	switch whole := jsontext.Value(value); {
	case value == "":
	case c.Field != "":
		e.Data, _ = json.Marshal(map[string]string{c.Field: value}, sortedKeys) // any texts can be encoded
	case whole.IsValid():
		e.Data = whole
	}
	return e
}
