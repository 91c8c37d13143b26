package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/notify"
)

func TestSlackGetsTextThatItCannotTakeForMarkup(t *testing.T) {
	l := listen(t, reply{status: 200, body: "ok"})
	if err := (notify.Slack{URL: l.URL}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(l.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"text": "SCIM audit: NOT COMPLETE\nglobex: &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// fleet is the message of a run of many organizations.
func fleet(organizations int, name string) *notify.Message {
	m := &notify.Message{Subject: "SCIM audit: NOT COMPLETE",
		Head: []string{"run 7 on host", "998 of 1000 organizations complete", "report: out/run-7"}}
	for i := range organizations {
		m.Rows = append(m.Rows, fmt.Sprintf("%s-%d: complete, changes: 1 high, failing findings: none", name, i))
	}
	return m
}

// The limits are those that the services publish: docs.slack.dev advises 4,000 characters and
// truncates at 40,000, learn.microsoft.com gives a message of Teams 28 KB.
func TestAMessageIsCutToWhatTheServiceTakes(t *testing.T) {
	for name, m := range map[string]*notify.Message{
		"1000 organizations":                         fleet(1000, "acme"),
		"characters that grow when they are escaped": fleet(1000, strings.Repeat("<&>\"\u2028", 30)),
		"one line that is too long":                  fleet(1, strings.Repeat("ü", 100_000)),
		"a long error": {Subject: "SCIM audit: NOT COMPLETE",
			Head: []string{strings.Repeat("error <", 50_000), "report: out/run-7"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, reply{status: 200, body: "ok"}, reply{status: 202})
			for _, sender := range []notify.Sender{notify.Slack{URL: l.URL}, notify.Teams{URL: l.URL}} {
				if err := sender.Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			text := slackText(t, l.bodies[0])
			if len(text) > 4000 || !utf8.ValidString(text) || !strings.HasPrefix(text, "SCIM audit: NOT COMPLETE\n") {
				t.Errorf("Slack gets %d bytes: %.200q", len(text), text)
			}
			lines := cardLines(t, l.bodies[1])
			if len(l.bodies[1]) > 24<<10 || lines[0] != "SCIM audit: NOT COMPLETE" {
				t.Errorf("Teams gets %d bytes with %d lines: %.200q", len(l.bodies[1]), len(lines), lines)
			}
			if len(m.Rows) < 1000 {
				return
			}
			for service, lines := range map[string][]string{"Slack": strings.Split(strings.TrimSpace(text), "\n"),
				"Teams": lines} {
				shown := len(lines) - len(m.Head) - 2
				if want := fmt.Sprintf("and %d more", len(m.Rows)-shown); lines[len(lines)-1] != want {
					t.Errorf("%s: the last of %d lines is %q, want %q", service, len(lines), lines[len(lines)-1], want)
				}
				if d := cmp.Diff(m.Head, lines[1:1+len(m.Head)]); d != "" {
					t.Errorf("%s: the lines before the rows (-want +got):\n%s", service, d)
				}
			}
			if !strings.HasSuffix(m.Text(), "999: complete, changes: 1 high, failing findings: none\n") {
				t.Error("the whole text is cut too")
			}
		})
	}
}

func slackText(t *testing.T, body string) string {
	t.Helper()
	var m struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	return m.Text
}

// cardLines returns the texts of an Adaptive Card. It fails for anything that Teams does not take
// from a workflow.
func cardLines(t *testing.T, body string) (lines []string) {
	t.Helper()
	var m struct {
		Type        string `json:"type"`
		Attachments []struct {
			ContentType string `json:"contentType"`
			Content     struct {
				Type    string `json:"type"`
				Version string `json:"version"`
				Body    []struct {
					Type    string `json:"type"`
					Inlines []struct {
						Type string `json:"type"`
						Text string `json:"text"`
					} `json:"inlines"`
				} `json:"body"`
			} `json:"content"`
		} `json:"attachments"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != "message" || len(m.Attachments) != 1 {
		t.Fatalf("not a message with one card: %.300s", body)
	}
	card := m.Attachments[0]
	// Teams shows cards up to version 1.5:
	// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
	if card.ContentType != "application/vnd.microsoft.card.adaptive" || card.Content.Type != "AdaptiveCard" ||
		card.Content.Version > "1.5" {
		t.Errorf("not an Adaptive Card that Teams shows: %.300s", body)
	}
	for _, block := range card.Content.Body {
		if block.Type != "RichTextBlock" || len(block.Inlines) != 1 || block.Inlines[0].Type != "TextRun" {
			t.Fatalf("not a text: %+v", block)
		}
		lines = append(lines, block.Inlines[0].Text)
	}
	return lines
}
