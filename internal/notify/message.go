// Package notify delivers the result of a run to people and machines: webhooks, Slack, e-mail, and a ping that is
// missed when nothing ran at all.
package notify

import "context"

// Message is the result of a run as its recipients get it.
type Message struct {
	// Complete says that every organization is complete and the report is written.
	Complete bool
	// Subject is one line, Text the whole in lines.
	Subject, Text string
	// Result is what a webhook gets as JSON.
	Result any
	// Workbook is the path of the report's workbook, empty when there is none.
	Workbook string
}

// Sender sends a message once. An error that another try cannot change is a backoff.PermanentError.
type Sender interface {
	Send(context.Context, *Message) error
}
