package export_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/export"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

// story makes a database of the nights of the demo, in which nearly everything happens. It calls after with the number
// of each night.
func story(t *testing.T, after func(night int)) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "auditor.db")
	store := must(snapshot.Open(t.Context(), path))(t)
	defer closeStore(t, store)
	server := demo.NewServer()
	api := httptest.NewServer(server)
	defer api.Close()
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		o := job.Options{
			Store: store, TakenAt: demo.Night(night), Trigger: "demo", ToolVersion: "test", Host: "host", Concurrency: 1, Logger: slog.New(slog.DiscardHandler),
			Reports: t.TempDir(), Thresholds: finding.DefaultThresholds(), Now: func() time.Time { return demo.Night(night) },
			Schedule: snapshot.ScheduleChange{Expression: "0 2 * * *", ChangedBy: "test", Host: "host"},
			Exceptions: []finding.Exception{{RuleID: "SCIM-007", SubjectID: "d9322ac1-b0a7-8463-8966-3f980a3b9963", Owner: "grace", Reason: "archive",
				Expires: time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)}},
		}
		for _, organization := range server.Organizations() {
			o.Sources = append(o.Sources, fetch.Source{Name: organization.Name, Fetch: fetch.Options{Members: organization.Members,
				BaseURL: api.URL + "/api", Token: fetch.Token(organization.Token), PageSize: 25, Now: o.Now}})
		}
		result := must(job.Run(t.Context(), o))(t)
		if night == 2 {
			_ = must(store.AddReview(t.Context(), snapshot.Review{ReviewedAt: demo.Night(2).Add(time.Hour), RunID: result.Run.ID, Reviewer: "grace",
				Conclusion: "planned", Approved: true, OSUser: "test", Host: "host"}))(t)
		}
		if after != nil {
			after(night)
		}
	}
	return path
}

func closeStore(t testing.TB, store *snapshot.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

func exportTo(t *testing.T, path, dir string, o export.Options) export.Result {
	t.Helper()
	return must(tryExport(t.Context(), path, dir, o))(t)
}

func tryExport(ctx context.Context, path, dir string, o export.Options) (export.Result, error) {
	store, err := snapshot.OpenReadOnly(ctx, path)
	if err != nil {
		return export.Result{}, err
	}
	defer func() { _ = store.Close() }()
	return export.Database(ctx, store, dir, o)
}

// views are the columns of each view of a database.
func views(t *testing.T, path string) (all []snapshot.View) {
	t.Helper()
	store := must(snapshot.OpenReadOnly(t.Context(), path))(t)
	defer closeStore(t, store)
	reader := must(store.Reader(t.Context()))(t)
	defer reader.Close()
	return must(reader.Views(t.Context()))(t)
}

// stored are the rows of a view as SQLite has them, each as text, sorted.
func stored(t *testing.T, path string, v snapshot.View) []string {
	t.Helper()
	db := must(sql.Open("sqlite", path))(t)
	defer func() { _ = db.Close() }()
	query := "SELECT d.database_id, v.* FROM databases d CROSS JOIN " + v.Name + " v"
	if v.Name == "heads" {
		query = "SELECT * FROM heads"
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		values, pointers := make([]any, len(v.Columns)), make([]any, len(v.Columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for i, value := range values {
			switch text, isText := value.(string); {
			case value == nil:
				line = append(line, v.Columns[i].Name+" null")
			case v.Columns[i].Type == snapshot.FlagColumn:
				line = append(line, fmt.Sprintf("%s boolean %v", v.Columns[i].Name, value.(int64) == 1))
			case v.Columns[i].Type == snapshot.InstantColumn:
				at := must(time.Parse(time.RFC3339Nano, text))(t)
				line = append(line, fmt.Sprintf("%s instant %s", v.Columns[i].Name, at.Truncate(time.Microsecond).Format(time.RFC3339Nano)))
			case v.Columns[i].Type == snapshot.DayColumn:
				line = append(line, v.Columns[i].Name+" day "+text)
			case isText:
				line = append(line, v.Columns[i].Name+" text "+text)
			default:
				line = append(line, fmt.Sprintf("%s integer %d", v.Columns[i].Name, value))
			}
		}
		all = append(all, strings.Join(line, ", "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// exported are the rows of a view in an export, in the form of stored, by the types in the files themselves.
func exported(t *testing.T, dir, view string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "view="+view), func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			all = append(all, rowsOf(t, path)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func rowsOf(t *testing.T, path string) (all []string) {
	t.Helper()
	content := must(os.Open(path))(t)
	defer func() { _ = content.Close() }()
	f := must(parquet.OpenFile(content, must(content.Stat())(t).Size()))(t)
	reader := parquet.NewGenericReader[any](f)
	defer func() { _ = reader.Close() }()
	fields := f.Schema().Fields()
	for range f.NumRows() {
		rows := make([]parquet.Row, 1)
		if n, err := reader.ReadRows(rows); n != 1 {
			t.Fatalf("%s: %v", path, err)
		}
		var line []string
		for i, value := range rows[0] {
			line = append(line, fields[i].Name()+" "+textOf(value, fields[i].Type().String()))
		}
		all = append(all, strings.Join(line, ", "))
	}
	return all
}

func textOf(value parquet.Value, logical string) string {
	switch {
	case value.IsNull():
		return "null"
	case value.Kind() == parquet.Boolean:
		return fmt.Sprint("boolean ", value.Boolean())
	case logical == "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)":
		return "instant " + time.UnixMicro(value.Int64()).UTC().Format(time.RFC3339Nano)
	case logical == "DATE":
		return "day " + time.Unix(int64(value.Int32())*24*60*60, 0).UTC().Format(time.DateOnly)
	case value.Kind() == parquet.Int64:
		return fmt.Sprint("integer ", value.Int64())
	}
	return "text " + string(value.ByteArray())
}
