package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Slack posts the message's text to an incoming webhook of Slack, or of a compatible service.
type Slack struct{ URL string }

// slackLimit is the most bytes of a text. Slack advises 4,000 characters and truncates at 40,000:
// https://docs.slack.dev/reference/methods/chat.postMessage#truncating
const slackLimit = 4000

// slackText escapes the characters that start links and mentions in Slack,
// https://docs.slack.dev/messaging/formatting-message-text.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send posts the message. Slack confirms it with "ok", compatible services with JSON.
func (s Slack) Send(ctx context.Context, m *Message) error {
	lines := m.lines(slackLimit, func(line string) int { return len(slackText.Replace(line)) + len("\n") })
	text := map[string]string{"text": slackText.Replace(strings.Join(lines, "\n") + "\n")}
	return post(ctx, s.URL, text, func(r response) bool {
		success, _ := r.stated()
		return success || r.body == "ok"
	})
}

// Check connects to the host.
func (s Slack) Check(ctx context.Context) (string, error) { return reach(ctx, s.URL) }

// Teams posts the message as an Adaptive Card to a workflow of Microsoft Teams ("When a Teams
// webhook request is received").
type Teams struct{ URL string }

// teamsLimit is the most bytes of a card's blocks. A message is at most 28 KB with everything in
// it: https://learn.microsoft.com/microsoftteams/limits-specifications-teams. People report
// refusals from 21 KB on.
const teamsLimit = 20_000

// adaptiveCard is a message with a card: https://adaptivecards.io/explorer/AdaptiveCard.html
type adaptiveCard struct {
	Type        string           `json:"type"`
	Attachments []cardAttachment `json:"attachments"`
}

type cardAttachment struct {
	ContentType string      `json:"contentType"`
	Content     cardContent `json:"content"`
}

type cardContent struct {
	Schema  string            `json:"$schema"`
	Type    string            `json:"type"`
	Version string            `json:"version"`
	Body    []textBlock       `json:"body"`
	Teams   map[string]string `json:"msteams"`
}

// textBlock is a RichTextBlock of one line. Its text is shown as it is, while a TextBlock would
// read Markdown in it.
type textBlock struct {
	Type    string    `json:"type"`
	Inlines []textRun `json:"inlines"`
}

type textRun struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
	Color  string `json:"color,omitempty"`
}

// Send posts the message. The workflow accepts it with 202 and an empty body. The connectors that
// came before workflows confirm with 200 and "1", and report an error with 200 and its text.
func (t Teams) Send(ctx context.Context, m *Message) error {
	return post(ctx, t.URL, newCard(m), func(r response) bool {
		return r.status == http.StatusAccepted && r.body == "" || r.body == "1"
	})
}

// Check connects to the host.
func (t Teams) Check(ctx context.Context) (string, error) { return reach(ctx, t.URL) }

func newCard(m *Message) adaptiveCard {
	var blocks []textBlock
	for _, line := range m.lines(teamsLimit, cardSize) {
		blocks = append(blocks, newBlock(line))
	}
	title := &blocks[0].Inlines[0]
	title.Size, title.Weight, title.Color = "large", "bolder", "attention"
	if m.Complete || m.Test {
		title.Color = "good"
	}
	return adaptiveCard{"message", []cardAttachment{{"application/vnd.microsoft.card.adaptive", cardContent{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		Body: blocks, Teams: map[string]string{"width": "Full"},
	}}}}
}

func newBlock(line string) textBlock {
	return textBlock{"RichTextBlock", []textRun{{Type: "TextRun", Text: line}}}
}

// cardSize returns the bytes of a line in a card.
func cardSize(line string) int {
	text, _ := json.Marshal(newBlock(line)) // texts can always be encoded
	return len(text) + len(",")
}
