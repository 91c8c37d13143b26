package folder

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"scim-auditor/internal/evidence"
)

// Several databases can write into one folder of reports. Each report folder belongs to the
// database in its manifest. A database whose report folder would have the name of one that belongs
// to another database adds the beginning of its id: 2026-11-23T020000Z-run-7-3f0c9b7d.

// shownID is how many digits of the id of a database stand in a name.
const shownID = 8

// Suffixed returns a name with the beginning of the id of a database.
func Suffixed(name, databaseID string) string {
	return name + "-" + databaseID[:min(shownID, len(databaseID))]
}

// Find returns the path of the report of a database with this name in dir, whether it exists or
// would be written there.
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
	id := DatabaseOf(path)
	return id != "" && databaseID != "" && id != databaseID
}

// DatabaseOf returns the id of the database to which a report folder belongs according to its
// manifest, "" if it cannot be read.
func DatabaseOf(path string) string {
	var m struct {
		DatabaseID string `json:"database_id"`
	}
	content, err := evidence.ReadFile(filepath.Join(path, ManifestFile))
	if err != nil || json.Unmarshal(content, &m) != nil {
		return ""
	}
	return m.DatabaseID
}

// errTaken means that the place of a report has one of another database.
var errTaken = errors.New("a report of another database has this name")
