package fetch

import (
	"strings"
	"unicode"

	"scim-auditor/internal/ona"
)

// memberMark stands for the name or the address of a redacted member.
const memberMark = "[member]"

// mentions finds the names and addresses of redacted members in other texts of the server.
type mentions struct {
	known map[string]bool // in the form of wordsOf, joined by spaces
	most  int             // words in the longest of these
}

// word is a place in a text.
type word struct{ from, to int }

// wordsOf returns the words of a text. An address is one word.
func wordsOf(text string) (all []word) {
	from := -1
	end := func(to int) {
		if from < 0 {
			return
		}
		left := strings.TrimLeft(text[from:to], ".-'_+@")
		if trimmed := strings.TrimRight(left, ".-'_+@"); trimmed != "" {
			start := to - len(left)
			all = append(all, word{start, start + len(trimmed)})
		}
		from = -1
	}
	for i, r := range text {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(".-'_+@", r):
			end(i)
		case from < 0:
			from = i
		}
	}
	end(len(text))
	return all
}

func folded(text string, words []word) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = strings.ToLower(text[w.from:w.to])
	}
	return strings.Join(parts, " ")
}

func (m *mentions) learn(texts ...string) {
	for _, text := range texts {
		if words := wordsOf(text); len(words) > 0 {
			if m.known == nil {
				m.known = make(map[string]bool)
			}
			m.known[folded(text, words)], m.most = true, max(m.most, len(words))
		}
	}
}

// redact replaces each mention in a text, the longest first.
func (m *mentions) redact(text string) string {
	var b strings.Builder
	words, done := wordsOf(text), 0
	for i := 0; i < len(words); i++ {
		for n := min(m.most, len(words)-i); n > 0; n-- {
			if m.known[folded(text, words[i:i+n])] {
				b.WriteString(text[done:words[i].from] + memberMark)
				i, done = i+n-1, words[i+n-1].to
				break
			}
		}
	}
	return b.String() + text[done:]
}

// redactEntry returns an entry of the audit log as it is kept. Its action is free text that may name
// members; the values of its unknown fields become hashes.
func (c *Client) redactEntry(e *ona.AuditLogEntry) {
	if redaction := c.settings.Redaction; redaction != nil {
		e.Action = c.secrets.redact(c.mentions.redact(e.Action))
		e.Unknown = redaction.Fields(e.Unknown)
	}
}
