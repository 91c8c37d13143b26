package main

import (
	"io"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
)

// printExceptions tells the exceptions that somebody must look at: those that expired while what they are for still fails, and those that
// match nothing in any organization. Where an organization is not complete, the latter cannot be told.
func printExceptions(w io.Writer, result *job.Result) error {
	var rows [][]string
	var order []finding.Exception
	idle := make(map[finding.Exception]bool)
	whole := true
	for _, o := range result.Organizations {
		whole = whole && o.Err == nil
		for _, a := range o.Acceptances {
			if !a.InForce && a.Bearing == finding.Applied {
				rows = append(rows, []string{"  ! exception of " + a.Owner + ": " + a.RuleID + " for " + acceptedFor(a.Exception) + " expired with " +
					a.Expires.Format(time.DateOnly) + " and " + counted(a.Findings, "finding", "") + " " + failAgain(a.Findings)})
			}
			if _, known := idle[a.Exception]; !known {
				order, idle[a.Exception] = append(order, a.Exception), true
			}
			idle[a.Exception] = idle[a.Exception] && a.Bearing == finding.Unmatched
		}
	}
	for _, x := range order {
		if whole && idle[x] {
			rows = append(rows, []string{"  ! exception of " + x.Owner + ": " + x.RuleID + " for " + acceptedFor(x) + " matches nothing that fails"})
		}
	}
	return printTable(w, rows)
}

func failAgain(n int) string {
	return map[bool]string{true: "fails again", false: "fail again"}[n == 1]
}
