package period

import "scim-auditor/internal/report"

// glossary explains the words of the report; the kinds of change are those of the report of a run.
func glossary() []report.Term {
	terms := []report.Term{
		{Word: report.Complete, Meaning: "Every night of the period has a complete snapshot of every organization " +
			"that it was expected of, and retention has left all of them."},
		{Word: report.NotComplete, Meaning: "At least one night has no complete snapshot of an organization, or a part " +
			"of the period is not known. The first lines of the Summary say what."},
		{Word: "night", Meaning: "A time at which the schedule in force expected a run. Where no schedule was in force, " +
			"each UTC day from the first run on counts as one, at its beginning."},
		{Word: "complete, caught up", Meaning: "A complete snapshot stands for the night: taken in it, or by a run " +
			"that was made later on purpose and before the next night."},
		{Word: "failed", Meaning: "The night was tried and no snapshot of it is complete. " +
			"Nothing is said about the organization then."},
		{Word: "missed", Meaning: "Nothing was tried for the organization. What was configured then is not known."},
		{Word: "opening snapshot", Meaning: "The last complete snapshot before the period: what the period begins with."},
		{Word: "closing snapshot", Meaning: "The last complete snapshot in the period: what it ends with."},
		{Word: "net change", Meaning: "What differs between two snapshots, " +
			"whatever happened and was undone between them."},
		{Word: "comparison", Meaning: "Each change was found between a snapshot and the complete one before. Where " +
			"nights without a complete snapshot lie between, it is the net change over these."},
		{Word: "population", Meaning: "All items of one kind in the period. A sample is only worth what its population " +
			"is: the tie-outs compare each count with a second source."},
		{Word: "draw", Meaning: "The place of a night in the order by the SHA-256 of seed|night, which anybody can " +
			"recompute. The sample is the first of them."},
		{Word: "first seen, last seen", Meaning: "The first snapshot of the present stretch in which the rule failed for " +
			"the subject, which may be before the period, and the last one of the period in which it did, accepted or not."},
		{Word: "closed by", Meaning: "The first complete snapshot in which the finding was no longer open: " +
			"the rule passed, or its subject was gone."},
		{Word: "days open", Meaning: "Whole days from first seen to closed by; of a finding that is open, " +
			"to the last snapshot of the period in which it was."},
		{Word: "status", Meaning: "What the rule last said while the finding was open: fail, excepted where an exception " +
			"covers it, not assessed where it could not be evaluated and so stays open."},
		{Word: "withdrawn", Meaning: "The closing snapshot was not made with an exceptions file that has the exception."},
		{Word: "removed by retention", Meaning: "\"auditor prune\" removed what a snapshot had. " +
			"Its row in the register, its counts and its hashes stay."},
		{Word: "tie-out", Meaning: "One count taken from two independent sources. It ties when both are the same number."},
		{Word: "fingerprint", Meaning: "SHA-256 of rule, organization id, subject type and subject id: " +
			"it stays the same when the subject is renamed."},
	}
	for _, t := range report.Glossary {
		if t.Subject != "" {
			terms = append(terms, t)
		}
	}
	return terms
}
