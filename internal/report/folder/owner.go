package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"scim-auditor/internal/evidence"
)

// Several databases can write into one folder of reports. Each report folder belongs to the
// database in its manifest. A database whose report folder would have the name of one that belongs
// to another database adds the beginning of its id: 2026-11-23T020000Z-run-7-3f0c9b7d. A report
// over several databases belongs to all of them together, which have a FleetID.

// shownID is how many digits of the id of a database stand in a name.
const shownID = 8

// Suffixed returns a name with the beginning of the id of a database.
func Suffixed(name, databaseID string) string {
	return name + "-" + databaseID[:min(shownID, len(databaseID))]
}

// FleetID returns an id of several databases, in hex. Their order does not matter. A database that
// could not be read has no id.
func FleetID(databaseIDs []string) string {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(databaseIDs)), " ")))
	return hex.EncodeToString(sum[:])
}

// Find returns the path of the report of a database, or of the databases of a FleetID, with this
// name in dir, whether it exists or would be written there.
func Find(dir, name, databaseID string) string {
	if databaseID == "" {
		return filepath.Join(dir, name) // the report of a period before the first run
	}
	path, own := filepath.Join(dir, name), filepath.Join(dir, Suffixed(name, databaseID))
	if _, err := os.Lstat(own); err == nil || ofAnother(path, databaseID) {
		return own
	}
	return path
}

// ofAnother reports whether a report folder belongs to another database. A folder whose manifest
// cannot be read belongs to none.
func ofAnother(path, databaseID string) bool {
	m := readOwner(path)
	id := m.DatabaseID
	if len(m.Databases) > 0 {
		var ids []string
		for _, d := range m.Databases {
			ids = append(ids, d.DatabaseID)
		}
		id = FleetID(ids)
	}
	return id != "" && databaseID != "" && id != databaseID
}

// DatabaseOf returns the id of the database to which a report folder belongs according to its
// manifest, "" if it cannot be read.
func DatabaseOf(path string) string { return readOwner(path).DatabaseID }

// owner has the members of a manifest that say to which databases its report belongs.
type owner struct {
	DatabaseID string  `json:"database_id"`
	Databases  []owner `json:"databases"`
}

// readOwner returns the zero owner if the manifest cannot be read.
func readOwner(path string) (m owner) {
	content, err := evidence.ReadFile(filepath.Join(path, ManifestFile))
	if err != nil || json.Unmarshal(content, &m) != nil {
		return owner{}
	}
	return m
}

// errTaken means that the place of a report has one of another database.
var errTaken = errors.New("a report of another database has this name")
