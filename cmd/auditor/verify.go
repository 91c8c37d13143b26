package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func verifyCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "verify", Args: cobra.NoArgs}
	asJSON := command.Flags().Bool("json", false, "print the counts and the problems as JSON")
	hashesOnly := command.Flags().Bool("hashes-only", false, "check hashes only, and do no work again")
	var with verifyFlags
	with.add(command.Flags())
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		out, err := s.ReportFolder()
		if err != nil {
			return err
		}
		heads, trust, err := with.read(cmd.Context(), s)
		if err != nil {
			return err
		}
		var found *verify.Result
		err = withDatabase(cmd.Context(), s.DB, snapshot.OpenReadOnly, func(store *snapshot.Store) (err error) {
			if found, err = verify.Database(cmd.Context(), store); err != nil {
				return err
			}
			for _, source := range heads {
				if err := found.AddHeads(cmd.Context(), store, source); err != nil {
					return err
				}
			}
			if *hashesOnly {
				return found.AddFolders(cmd.Context(), store, out, trust)
			}
			if err := found.DoAgain(cmd.Context(), store, readVersion().Version); err != nil {
				return err
			}
			if err := found.AddFolders(cmd.Context(), store, out, trust); err != nil {
				return err
			}
			return found.WriteReportsAgain(cmd.Context(), store, out, readVersion().Version, s.ReadTemplate)
		})
		if err != nil {
			return err
		}
		if *asJSON || !s.Quiet {
			err = printResult(env.stdout, *asJSON, found, verdict(found, trust))
		}
		if err != nil || len(found.Problems) == 0 {
			return err
		}
		if *asJSON {
			return &failure{code: exitFailed}
		}
		// The last problem is the error of the command, so that one hint follows all of them.
		last := len(found.Problems) - 1
		for _, p := range found.Problems[:last] {
			printProblem(env.stderr, "error", p.String(), "")
		}
		return failed(errors.New(found.Problems[last].String()), "verify modified nothing. Do not change the database or "+
			"the reports. Verify a backup (\"auditor verify --db BACKUP\"), and compare with report copies already handed out")
	})
	return command
}

// verifyFlags name what was kept outside of the database.
type verifyFlags struct {
	heads          []string
	signers, roots string
}

func (f *verifyFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.heads, "head", nil, "a head as a run printed it, a file with one on each line, a report "+
		"folder, or an old copy of the database; may be repeated")
	flags.StringVar(&f.signers, "signers", "", "file with the keys that may sign reports, "+
		"in the format of allowed_signers "+
		"of ssh-keygen")
	flags.StringVar(&f.roots, "timestamp-roots", "", "file with the root certificates of timestamp servers, PEM (default "+
		"evidence.timestamp_roots in the config file)")
}

// read reads the files that the flags name. It returns the heads of each source.
func (f *verifyFlags) read(
	ctx context.Context, s *settings.Settings,
) (heads [][]evidence.Head, t verify.Trust, err error) {
	for _, source := range f.heads {
		some, err := verify.ReadHeads(ctx, source)
		if err != nil {
			return nil, t, usage(err, "--head takes the line that begins with \"auditor head v1\", a file with such lines "+
				"and no others, a report folder, or a copy of the database")
		}
		heads = append(heads, some)
	}
	if f.signers != "" {
		content, err := evidence.ReadFile(f.signers)
		if err == nil {
			t.Signers, err = evidence.ParseSigners(content)
		}
		if err != nil {
			return nil, t, usage(fmt.Errorf("reading the allowed signers %s: %w", f.signers, err),
				"each line has PRINCIPALS [OPTIONS] KEYTYPE KEY, see ALLOWED SIGNERS in ssh-keygen(1)")
		}
	}
	if roots := cmp.Or(f.roots, s.Evidence.TimestampRoots); roots != "" {
		if t.Roots, err = evidence.ReadRoots(roots); err != nil {
			return nil, t, usage(fmt.Errorf("reading the timestamp roots: %w", err),
				"name a file with the root certificates of the timestamp server in PEM")
		}
	}
	return heads, t, nil
}

// verdict returns the result in words, and how much was checked.
func verdict(found *verify.Result, trust verify.Trust) string {
	text := "VERIFIED: no problems"
	if n := len(found.Problems); n > 0 {
		text = "VERIFICATION FAILED: " + counted(n, "problem", "")
	}
	responses := counted(found.Responses, "response", "")
	if n := found.ResponsesRemoved; n > 0 {
		responses += fmt.Sprintf(" (of %d others only the hash: retention removed the bytes, or members are redacted)", n)
	}
	text = fmt.Sprintf("%s\nchecked: %s, %s (%d pruned), %s, %s, %s, %s, %s\n", text,
		counted(found.Runs, "run", ""), counted(found.Snapshots, "snapshot", ""), found.PrunedSnapshots,
		counted(found.LedgerLinks, "ledger link", ""), counted(found.Rows, "row", ""),
		responses, counted(found.Views, "view", ""),
		counted(found.ReportFolders, "report folder", ""))
	if found.ReportFolders > 0 {
		text += sealText("signature", found.Signatures, found.Unsigned, trust.Signers != nil, "--signers") +
			sealText("timestamp", found.Timestamps, found.WithoutTimestamp, trust.Roots != nil, "--timestamp-roots")
	}
	for _, path := range found.OtherReports {
		text += "only its files were checked, a report of another database: " + path + "\n"
	}
	for _, f := range found.FleetReports {
		what := "checked for what this database contributes"
		if !f.Checked {
			what = "only its files were checked, this database is none of them"
		}
		ids := slices.Clone(f.Databases)
		for i := range ids {
			ids[i] = cmp.Or(ids[i], "one that did not exist")
		}
		text += fmt.Sprintf("a report over %s (%s): %s: %s\n", counted(len(ids), "database", ""),
			strings.Join(ids, ", "), what, f.Folder)
	}
	for _, h := range found.Heads {
		answer := "contained"
		if !h.Contained {
			answer = "NOT CONTAINED"
		}
		text += fmt.Sprintf("head of run %d, ledger link %d: %s\n", h.Head.Run, h.Head.Number, answer)
	}
	if len(found.ForeignTables) > 0 {
		text += "not auditor's and not checked: " + strings.Join(found.ForeignTables, ", ") + " of Litestream\n"
	}
	return text + doneAgain(found.Again)
}

// sealText says how many signatures or timestamps are valid, and against what they were checked.
func sealText(what string, valid, none int, trusted bool, flag string) string {
	if valid == 0 && !trusted {
		return "" // the settings ask for none
	}
	text := counted(valid, "valid "+what, "")
	if valid > 0 && !trusted {
		text += fmt.Sprintf(" (by whom was not checked; name whom you trust with %s)", flag)
	}
	if none > 0 {
		text += fmt.Sprintf(", %s without a %s", counted(none, "report folder", ""), what)
	}
	return text + "\n"
}

// doneAgain returns in words what was done again, and a line for each thing that could not be.
func doneAgain(a *verify.Again) string {
	if a == nil {
		return "only hashes were checked; no work was done again\n"
	}
	text := fmt.Sprintf("done again: %s decoded, %d compared, %d evaluated, %s written\n",
		counted(a.Decoded, "snapshot", ""), a.Compared, a.Evaluated, counted(a.Reports, "report", ""))
	for _, n := range a.NotDone {
		subject := n.ReportFolder
		if len(n.Snapshots) > 0 {
			subject = fmt.Sprintf("%s from %d to %d", counted(len(n.Snapshots), "snapshot", ""),
				n.Snapshots[0], n.Snapshots[len(n.Snapshots)-1])
		}
		if len(n.Snapshots) == 1 {
			subject = fmt.Sprint("snapshot ", n.Snapshots[0])
		}
		text += fmt.Sprintf("not done again: %s (%s): %s\n", subject, n.Step, n.Reason)
	}
	return text
}
