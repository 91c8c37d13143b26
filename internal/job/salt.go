package job

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// Errors about the file with the salt.
var (
	// ErrNoSalt means that the database has redacted members, and the file with their salt is
	// missing.
	ErrNoSalt = errors.New("the salt of the redacted members is missing")
	// ErrOtherSalt means that the file has another salt than the one of the redacted members.
	ErrOtherSalt = errors.New("it is not the salt of the redacted members")
	errSaltText  = errors.New("it does not hold 64 hexadecimal digits")
)

// saltBytes is the length of a salt.
const saltBytes = 32

// SaltFile returns the name of the file with the salt of a database.
func SaltFile(database string) string { return database + ".salt" }

// Redaction returns the redaction with the salt in the file beside a database. It makes the file,
// with mode 0600, if no member was redacted before.
func Redaction(ctx context.Context, store *snapshot.Store, database string) (*ona.Redaction, error) {
	used, err := store.MembersSaltID(ctx)
	if err != nil {
		return nil, err
	}
	redaction, err := readSalt(database, used)
	if errors.Is(err, fs.ErrNotExist) && used == "" {
		salt := make([]byte, saltBytes)
		_, _ = rand.Read(salt) // never fails: https://pkg.go.dev/crypto/rand#Read
		if err := durable.WriteFile(SaltFile(database), []byte(hex.EncodeToString(salt)+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("writing the salt of redacted members: %w", err)
		}
		return ona.NewRedaction(salt), nil
	}
	return redaction, err
}

// CheckSalt reports whether Redaction would succeed. It writes nothing.
func CheckSalt(ctx context.Context, store *snapshot.Store, database string) error {
	used, err := store.MembersSaltID(ctx)
	if err != nil {
		return err
	}
	if _, err = readSalt(database, used); errors.Is(err, fs.ErrNotExist) && used == "" {
		return nil
	}
	return err
}

// readSalt reads the file with the salt, which must be the one that was used.
func readSalt(database, used string) (*ona.Redaction, error) {
	path := SaltFile(database)
	text, err := evidence.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && used != "" {
		return nil, fmt.Errorf("%s: %w", path, ErrNoSalt)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the salt of redacted members: %w", err)
	}
	salt, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(salt) != saltBytes {
		return nil, fmt.Errorf("%s: %w", path, errSaltText)
	}
	redaction := ona.NewRedaction(salt)
	if used != "" && redaction.SaltID() != used {
		return nil, fmt.Errorf("%s: %w", path, ErrOtherSalt)
	}
	return redaction, nil
}
