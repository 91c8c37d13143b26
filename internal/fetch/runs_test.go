package fetch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

// randomPages are pages of a listing in no order, of which some have what may not be in a listing.
func randomPages(random *rand.Rand) []http.HandlerFunc {
	var rows []string
	for range random.IntN(40) {
		id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", random.Uint32()%200)
		row := fmt.Sprintf(`{"id":%q,"name":"name of %s","enabled":%t,"region":"r%d"}`, id, id, random.IntN(2) == 0, random.IntN(3))
		switch random.IntN(60) {
		case 0:
			row = fmt.Sprintf(`{"id":%q,"organizationId":%q}`, id, otherOrg)
		case 1:
			row = fmt.Sprintf(`{"id":%q,"name":7}`, id)
		case 2, 3, 4, 5:
			if len(rows) > 0 {
				row = rows[random.IntN(len(rows))] // again, with the same content
			}
		}
		rows = append(rows, row)
	}
	var pages []http.HandlerFunc
	for page := range slices.Chunk(append(rows, ""), 1+random.IntN(6)) {
		pages = append(pages, ok(fmt.Sprintf(`{"scimConfigurations":[%s],"pagination":{"nextToken":"%d"}}`, strings.Trim(strings.Join(page, ","), ","), len(pages))))
	}
	last := ok(`{"scimConfigurations":[]}`)
	if random.IntN(10) == 0 {
		last = connect(http.StatusNotFound, CodeNotFound)
	}
	return append(pages, last)
}

// told is all that a collection tells, but for where its answers are.
func told(t *testing.T, c *Collection, err error) map[string]any {
	t.Helper()
	var configurations []ona.SCIMConfiguration
	for range 2 { // as often as one likes
		configurations = nil
		for configuration := range ona.OrEmpty(c.Inventory.SCIM).All() {
			configurations = append(configurations, *configuration)
		}
	}
	if l := ona.OrEmpty(c.Inventory.SCIM); l.Err() != nil || l.Len() != len(configurations) {
		t.Errorf("%d of %d configurations: %v", len(configurations), l.Len(), l.Err())
	}
	exchanges := slices.Clone(c.Exchanges)
	for i := range exchanges {
		body, err := exchanges[i].Answer()
		if err != nil {
			t.Error(err)
		}
		exchanges[i].Body, exchanges[i].Kept = body, nil
	}
	return map[string]any{"SCIM": configurations, "SSO": c.Inventory.SSO, "listing": c.SCIM, "exchanges": exchanges, "notes": c.Notes,
		"unknown": c.UnknownFields, "error": fmt.Sprint(err)}
}

func TestAListingTooLongForMemoryTellsTheSame(t *testing.T) {
	failed, repeated := 0, 0
	for seed := range uint64(150) {
		collected := func(change func(*Options)) map[string]any {
			api := newAPI(t, handlers{list: inOrder(randomPages(rand.New(rand.NewPCG(seed, 1)))...)})
			defer api.Close()
			c, err := newClient(t, api.URL, change).Collect(t.Context())
			defer func() {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}()
			return told(t, c, err)
		}
		want := collected(func(*Options) {})
		for _, most := range []int64{1, 300, 1000} {
			folder := t.TempDir()
			got := collected(func(o *Options) { o.Folder, o.MaxInMemory = folder, most })
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, %d bytes in memory (-all in memory +not):\n%s", seed, most, d)
			}
			checkNothingIn(t, folder)
		}
		if want["error"] != "<nil>" {
			failed++
		} else if len(want["notes"].([]string)) > 0 {
			repeated++
		}
	}
	if failed < 20 || repeated < 20 {
		t.Errorf("%d listings failed and %d repeated an id: too few to say something", failed, repeated)
	}
}

func checkNothingIn(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v %v", left, err)
	}
}

func TestALongListingIsNobodyElsesToRead(t *testing.T) {
	folder := t.TempDir()
	s, err := newScratch(folder)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := s.file.Stat(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if runtime.GOOS != "windows" {
		checkNothingIn(t, folder) // the process may end at any time
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	checkNothingIn(t, folder)
}

func TestALongListingThatCannotBeKeptIsAnError(t *testing.T) {
	api := newAPI(t, handlers{})
	_, err := newClient(t, api.URL, func(o *Options) { o.Folder, o.MaxInMemory = filepath.Join(t.TempDir(), "none"), 1 }).Collect(t.Context())
	failure, _ := errors.AsType[*Error](err)
	if failure == nil || failure.Code != CodeTemporaryFile || !errors.Is(err, fs.ErrNotExist) || failure.Hint() == "" {
		t.Errorf("got %v", err)
	}
}

func TestALongListingThatCannotBeWrittenIsAnErrorToo(t *testing.T) {
	file, err := newScratch(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := file.close(); err != nil { // as good as a full disk
		t.Fatal(err)
	}
	api := newAPI(t, handlers{list: inOrder(ok(scimRows("2", scimA)), ok(scimRows("", scimB)))})
	c := &collector{client: newClient(t, api.URL).Client, fields: fieldSet{}}
	c.Identity.OrganizationID, c.scratch = orgID, file
	l := listing[ona.SCIMConfiguration]{source: scimSource, noun: "SCIM configuration", decode: decodeSCIM, maxInMemory: 1}
	list, err := readList(t.Context(), c, l, firstPage(t.Context(), c), &Listing{})
	if failure, _ := errors.AsType[*Error](err); list != nil || failure == nil || failure.Code != CodeTemporaryFile {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestALongListingThatCannotBeReadAgainIsNotAShorterOne(t *testing.T) {
	for name, damage := range map[string]func(*os.File) error{
		"shorter": func(f *os.File) error { return f.Truncate(100) },
		"altered": func(f *os.File) error { _, err := f.WriteAt([]byte("[[[[[[[["), 10); return err },
		"closed":  (*os.File).Close,
	} {
		api := newAPI(t, handlers{list: inOrder(ok(scimRows("2", scimB, scimC)), ok(scimRows("", scimA)))})
		c := collect(t, api, func(o *Options) { o.Folder, o.MaxInMemory = t.TempDir(), 1 })
		if c.scratch == nil || damage(c.scratch.file) != nil {
			t.Fatalf("%s: there is no file to damage", name)
		}
		n := 0
		for range c.Inventory.SCIM.All() {
			n++
		}
		unread := func(err error) bool {
			failure, _ := errors.AsType[*Error](err)
			return failure != nil && failure.Code == CodeTemporaryFile && failure.Method != ""
		}
		if err := c.Inventory.SCIM.Err(); !unread(err) {
			t.Errorf("%s: %d configurations, error %v", name, n, err)
		}
		if _, err := c.Exchanges[3].Answer(); name != "altered" && !unread(err) {
			t.Errorf("%s: the answer has error %v", name, err)
		}
		_ = c.Close()
	}
}

// A file that ends after a whole row looks like one that had no more of them.
func TestRowsThatAreGoneBeforeTheirIdsAreComparedAreMissed(t *testing.T) {
	api := newAPI(t, handlers{list: inOrder(ok(scimRows("2", scimA)), ok(scimRows("", scimA, scimB)))})
	c := &collector{client: newClient(t, api.URL, func(o *Options) { o.Folder = t.TempDir() }).Client, fields: fieldSet{}}
	defer func() { _ = c.Close() }()
	c.Identity.OrganizationID = orgID
	rows := rowSet[ona.SCIMConfiguration]{collector: c, listing: listing[ona.SCIMConfiguration]{
		source: scimSource, noun: "SCIM configuration", decode: decodeSCIM, maxInMemory: 1}}
	if err := rows.read(t.Context(), firstPage(t.Context(), c), &Listing{}); err != nil {
		t.Fatal(err)
	}
	last := rows.runs[1]
	whole, err := last.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	raw := int64(strings.LastIndex(string(whole), "{")) // of the last row
	head := int64(len(binary.AppendVarint([]byte{0, 0}, last.length-raw)))
	if err := c.scratch.file.Truncate(last.offset + raw - head); err != nil {
		t.Fatal(err)
	}
	list, err := rows.unique()
	if err == nil {
		for range list.All() {
		}
		err = list.Err()
	}
	if err == nil {
		t.Errorf("%d configurations and no error", list.Len())
	}
}

func TestWhoStopsAheadLeavesNothingRunning(t *testing.T) {
	ended := false
	endless := func(yield func(int, error) bool) {
		defer func() { ended = true }()
		for i := 0; yield(i, nil); i++ {
		}
	}
	for i, err := range ahead(endless, func(int) int { return 1 }) {
		if err != nil || i == 3 {
			break
		}
	}
	if !ended {
		t.Error("the sequence is still gone through")
	}
}

// Large rows must not be held by the hundred where the listing is in a file because it does not fit into memory.
func TestFewLargeRowsAreReadAhead(t *testing.T) {
	read := 0
	rows := func(yield func(int, error) bool) {
		for ; read < 1000 && yield(read, nil); read++ {
		}
	}
	for _, err := range ahead(rows, func(int) int { return aheadBytes }) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if read > 10 {
		t.Errorf("%d rows were read for the first", read)
	}
}
