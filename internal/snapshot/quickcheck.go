package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// QuickCheck asks SQLite whether the file is sound, without the comparison of indexes with tables that verify makes,
// https://www.sqlite.org/pragma.html#pragma_quick_check.
func (s *Store) QuickCheck(ctx context.Context) error {
	problems, err := queryAll(ctx, s.db, "checking the database", func(row *sql.Rows) (string, error) {
		var text string
		err := row.Scan(&text)
		return text, err
	}, "PRAGMA quick_check(5)")
	if err != nil {
		return err
	}
	if len(problems) != 1 || problems[0] != "ok" {
		return fmt.Errorf("the database is damaged: %s", strings.ReplaceAll(strings.Join(problems, "; "), "\n", "; "))
	}
	return nil
}
