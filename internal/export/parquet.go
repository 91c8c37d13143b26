package export

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/snapshot"
)

// write writes a file of the export under a temporary name; commit gives it its own. It returns nil
// if keep refuses the number of rows, or if the file is as the manifest lists it.
func (e *exporter) write(f file, v snapshot.View, keep func(rows int64) bool,
	rows func(add func([]any) error) error) (_ *file, err error) {
	final := filepath.Join(e.dir, filepath.FromSlash(f.Path))
	folder := filepath.Dir(final)
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", final, err)
		}
	}()
	if err := e.prepare(folder); err != nil {
		return nil, err
	}
	partial, err := os.CreateTemp(folder, e.partialPrefix()+"*") // mode 0600
	if err != nil {
		return nil, err
	}
	e.partials = append(e.partials, partial.Name())
	sum := sha256.New()
	table := newTable(io.MultiWriter(partial, sum), v)
	err = errors.Join(rows(table.add), table.close())
	info, statErr := partial.Stat()
	if err = errors.Join(err, statErr, partial.Close()); err != nil {
		return nil, err
	}
	f.Rows, f.Bytes, f.SHA256 = table.rows, info.Size(), hex.EncodeToString(sum.Sum(nil))
	if !keep(f.Rows) {
		if err := os.Remove(final); !errors.Is(err, fs.ErrNotExist) {
			return nil, err // an interrupted export left it
		}
		return nil, nil
	}
	if _, err := os.Stat(final); err == nil && e.manifest.sumOf(f.Path) == f.SHA256 {
		return nil, nil
	}
	e.renames = append(e.renames, [2]string{partial.Name(), final})
	e.written.Files++
	e.written.Rows += f.Rows
	return &f, nil
}

// publish gives the files that were written their names, after their content is on the disk.
func (e *exporter) publish() error {
	var syncs errgroup.Group
	syncs.SetLimit(syncsAtOnce) // the disk writes them together
	for _, r := range e.renames {
		syncs.Go(func() error {
			partial, err := os.OpenFile(r[0], os.O_RDWR, 0)
			if err != nil {
				return err
			}
			return errors.Join(partial.Sync(), partial.Close(), durable.TakeOwner(r[0]))
		})
	}
	err := syncs.Wait()
	for _, r := range e.renames {
		if err == nil {
			err = os.Rename(r[0], r[1])
		}
	}
	for folder := range e.unsynced {
		syncs.Go(func() error { return durable.SyncFolder(folder) })
	}
	clear(e.unsynced)
	e.renames = nil
	return errors.Join(err, syncs.Wait(), e.removePartials())
}

const syncsAtOnce = 16

// removePartials removes the files that did not get a name.
func (e *exporter) removePartials() (err error) {
	for _, partial := range e.partials {
		if left := os.Remove(partial); left != nil && !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}
	e.partials = nil
	return err
}

// removeUnlisted removes the files of an interrupted export that got their names before the
// manifest listed them. With another partition or start, this export does not replace them.
func (e *exporter) removeUnlisted() error {
	for _, folder := range []string{"view=*", filepath.Join("view=*", "taken_date=*")} {
		pattern := filepath.Join(escape(e.dir), folder, "database="+e.manifest.DatabaseID+"*.parquet")
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, path := range paths {
			name, err := filepath.Rel(e.dir, path)
			if err == nil && e.manifest.sumOf(filepath.ToSlash(name)) == "" {
				err = os.Remove(path)
			}
			if err != nil {
				return fmt.Errorf("removing what an interrupted export left: %w", err)
			}
		}
	}
	return nil
}

func (e *exporter) partialPrefix() string { return ".database=" + e.manifest.DatabaseID + "-" }

// prepare makes the folder of a file, and removes what an interrupted export left in it.
func (e *exporter) prepare(folder string) error {
	for f := folder; len(f) >= len(filepath.Clean(e.dir)); f = filepath.Dir(f) {
		e.unsynced[f] = true
	}
	if err := durable.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(escape(folder), e.partialPrefix()+"*"))
	for _, partial := range left {
		err = errors.Join(err, os.Remove(partial))
	}
	return err
}

const (
	rowsPerBatch = 4096
	rowsPerGroup = 1 << 17 // bounds the memory of a file
	pageSize     = 1 << 20 // bytes; zstd finds what repeats within a page
)

// table writes rows as a Parquet file.
type table struct {
	writer  *parquet.GenericWriter[any]
	columns []column
	rows    int64
}

// column is a column of a table. It keeps the last value, because the next one is often the same.
type column struct {
	snapshot.Column
	batch []parquet.Value
	last  any
	value parquet.Value // of last
}

func newTable(to io.Writer, v snapshot.View) *table {
	var columns []column
	group := ordered{Group: parquet.Group{}}
	for i, c := range v.Columns {
		columns = append(columns, column{Column: c, value: parquet.NullValue().Level(0, 0, i)})
		group.names = append(group.names, c.Name)
		group.Group[c.Name] = parquet.Optional(parquet.Compressed(encodedNode(c, v), compression))
	}
	return &table{
		writer: parquet.NewGenericWriter[any](to, parquet.NewSchema(v.Name, group),
			parquet.CreatedBy("auditor", "", ""), parquet.PageBufferSize(pageSize), parquet.DataPageStatistics(false)),
		columns: columns,
	}
}

// ordered is a group that keeps the order of its columns.
type ordered struct {
	parquet.Group
	names []string
}

// Fields implements parquet.Node.
func (o ordered) Fields() []parquet.Field {
	fields := slices.Clone(o.Group.Fields())
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(o.names, a.Name()) - slices.Index(o.names, b.Name())
	})
	return fields
}

// encodedNode returns the node of a column. Values that repeat, in a night or from night to night,
// are stored once.
func encodedNode(c snapshot.Column, v snapshot.View) parquet.Node {
	node := nodeOf(c.Type)
	isNumber := c.Type == snapshot.IntegerColumn || c.Type == snapshot.InstantColumn
	switch {
	case c.Type == snapshot.FlagColumn, c.Name == "records_sha256", c.Name == "chain_sha256": // no two are the same
		return node
	case c.Name == "fingerprint": // in a night no two are the same, in a month each is in neighbouring rows
		return parquet.Encoded(node, &parquet.DeltaByteArray)
	case isNumber && v.ByNight && !v.Versions, slices.Contains([]string{"snapshot_id", "taken_at", "days_open"}, c.Name):
		return parquet.Encoded(node, &parquet.DeltaBinaryPacked)
	}
	return parquet.Encoded(node, &parquet.RLEDictionary)
}

func nodeOf(t snapshot.ColumnType) parquet.Node {
	switch t {
	case snapshot.IntegerColumn:
		return parquet.Int(64)
	case snapshot.FlagColumn:
		return parquet.Leaf(parquet.BooleanType)
	case snapshot.InstantColumn:
		return parquet.Timestamp(parquet.Microsecond) // Spark, Trino and BigQuery do not read nanoseconds
	case snapshot.DayColumn:
		return parquet.Date()
	}
	return parquet.String()
}

// compression is shared, because each codec keeps its encoders.
var compression = &zstd.Codec{Level: zstd.SpeedBetterCompression}

func (t *table) add(row []any) error {
	for i, value := range row {
		t.columns[i].add(i, value)
	}
	t.rows++
	if t.rows%rowsPerBatch != 0 {
		return nil
	}
	return t.flush()
}

func (c *column) add(index int, value any) {
	if value != c.last {
		c.last, c.value = value, valueOf(value, c.Type)
		defined := 1
		if value == nil {
			defined = 0
		}
		c.value = c.value.Level(0, defined, index)
	}
	c.batch = append(c.batch, c.value)
}

func valueOf(value any, t snapshot.ColumnType) parquet.Value {
	switch v := value.(type) {
	case string:
		return parquet.ByteArrayValue([]byte(v))
	case int64:
		return parquet.Int64Value(v)
	case bool:
		return parquet.BooleanValue(v)
	case time.Time:
		if t == snapshot.DayColumn {
			return parquet.Int32Value(int32(v.Unix() / (24 * 60 * 60))) //nolint:gosec // a day of RFC 3339 fits
		}
		return parquet.Int64Value(v.UnixMicro())
	}
	return parquet.NullValue()
}

// flush moves the batch to the writer, and ends the row group once it is large enough.
func (t *table) flush() error {
	for i, writer := range t.writer.ColumnWriters() {
		if _, err := writer.WriteRowValues(t.columns[i].batch); err != nil {
			return err
		}
		t.columns[i].batch = t.columns[i].batch[:0]
	}
	if t.rows%rowsPerGroup == 0 {
		return t.writer.Flush()
	}
	return nil
}

func (t *table) close() error {
	return errors.Join(t.flush(), t.writer.Close())
}
