package report

import "slices"

// periodGlossary explains the words of the report of a period; the kinds of change are those of the report of a run.
var periodGlossary = []term{
	{word: wordComplete, meaning: "Every night of the period has a complete snapshot of every organization that it was expected of, and retention has left all of them."},
	{word: wordNotComplete, meaning: "At least one night has no complete snapshot of an organization, or a part of the period is not known. The first lines of the Summary say what."},
	{word: "night", meaning: "A time at which the schedule in force expected a run. Where no schedule was in force, each UTC day from the first run on counts as one, at its beginning."},
	{word: "complete, caught up", meaning: "A complete snapshot stands for the night: taken in it, or by a run that was made later on purpose and before the next night."},
	{word: "failed", meaning: "The night was tried and no snapshot of it is complete. Nothing is said about the organization then."},
	{word: "missed", meaning: "Nothing was tried for the organization. What was configured then nobody can say any more."},
	{word: "opening snapshot", meaning: "The last complete snapshot before the period: what the period begins with."},
	{word: "closing snapshot", meaning: "The last complete snapshot in the period: what it ends with."},
	{word: "net change", meaning: "What differs between two snapshots, whatever happened and was undone between them."},
	{word: "comparison", meaning: "Each change was found between a snapshot and the complete one before. Where nights without a complete snapshot lie between, it is the net change over these."},
	{word: "population", meaning: "All items of one kind in the period. A sample is only worth what its population is: the tie-outs hold each count against a second source."},
	{word: "draw", meaning: "The place of a night in the order by the SHA-256 of seed|night, which anybody can recompute. The sample is the first of them."},
	{word: "first seen, last seen", meaning: "The first snapshot of the present stretch in which the rule failed for the subject, which may be before the period, and the last one of the period in which it did, accepted or not."},
	{word: "closed by", meaning: "The first complete snapshot in which the finding was open no longer: the rule passed, or its subject was gone."},
	{word: "days open", meaning: "Whole days from first seen to closed by; of a finding that is open, to the last snapshot of the period in which it was."},
	{word: "status", meaning: "What the rule last said while the finding was open: fail, excepted where an exception covers it, not assessed where it could not be evaluated and so stays open."},
	{word: "withdrawn", meaning: "The exception is in no exceptions file any more that the closing snapshot was judged with."},
	{word: "removed by retention", meaning: "\"auditor prune\" removed what a snapshot had. Its row in the register, its counts and its hashes stay."},
	{word: "tie-out", meaning: "One count taken from two independent sources. It ties when both are the same number."},
	{word: "fingerprint", meaning: "SHA-256 of rule, organization id and subject id: it stays the same when the subject is renamed."},
}

// periodGlossaryTable has these words and the kinds of change.
func periodGlossaryTable() *table {
	terms := slices.Clone(periodGlossary)
	for _, t := range glossary {
		if t.subject != "" {
			terms = append(terms, t)
		}
	}
	return termTable(terms)
}
