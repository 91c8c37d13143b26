package snapshot

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// keptStatements counts the statements that stay prepared.
func keptStatements(s *Store) (n int) {
	for range s.db.kept.Range {
		n++
	}
	return n
}

func TestTheStatementsThatStayPreparedAreFew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	insert := func(rows int) {
		err := s.inTransaction(t.Context(), "testing", func(tx *transaction) {
			var requests [][]any
			for range rows {
				number++
				requests = append(requests, []any{"method", fmt.Sprint(number)})
			}
			insertRows(t.Context(), tx, "requests", []string{"method", "body"}, requests)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for rows := range 2*rowsPerInsert + 3 {
		insert(rows)
	}
	if kept := keptStatements(s); kept != 2 {
		t.Errorf("%d statements stay prepared, want one for many rows and one for one", kept)
	}
	stored, err := queryAll(t.Context(), s.db, "testing", (*reader).count, "SELECT count(*) FROM requests")
	if err != nil || stored[0] != number {
		t.Errorf("%d rows are stored (error %v), want %d", stored[0], err, number)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(path + "-*")
	if err != nil || len(left) != 0 {
		t.Errorf("closing left %v (error %v)", left, err)
	}
}

// Each goroutine wants statements that no other has prepared, while another one has the connection.
func TestTransactionsAndQueriesShareStatements(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 50 {
				query := fmt.Sprintf("SELECT %d", (n+i)%10)
				err := s.inTransaction(t.Context(), "testing", func(tx *transaction) {
					_, err := queryAll(t.Context(), tx, "testing", (*reader).number, query)
					tx.fail(err)
				})
				if err != nil {
					t.Error(err)
				}
				if got, err := queryAll(t.Context(), s.db, "testing", (*reader).count, query); err != nil || got[0] != (n+i)%10 {
					t.Errorf("%s is %v (error %v)", query, got, err)
				}
			}
		})
	}
	all.Wait()
}
