package job

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/folder"
)

// Timestamps has the settings for the timestamps of report folders. A nil *Timestamps requests
// none.
type Timestamps struct {
	URL   string         // of the timestamp server
	Roots *x509.CertPool // root certificates that the server's certificate must have
}

// The limits for timestamp servers. A slow server takes at most timestampBudget of a run; the next
// run requests what is still missing.
const (
	timestampTimeout  = 15 * time.Second // for one request
	timestampBudget   = time.Minute
	timestampMaxBytes = 1 << 18 // real responses have 2 to 10 kB
)

// Add requests a timestamp for each report folder in dir that lacks one, the newest first, and
// stores it beside SHA256SUMS. It stops at the first folder for which the server fails. The error
// names each folder with a problem.
func (t *Timestamps) Add(ctx context.Context, dir string) error {
	if t == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for report folders without a timestamp: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timestampBudget,
		fmt.Errorf("the time for timestamps, %s, is over", timestampBudget))
	defer cancel()
	client := &http.Client{
		Timeout:       timestampTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var problems []error
	for _, e := range slices.Backward(entries) {
		if _, isReport := folder.Of(e.Name()); !isReport || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		asked, err := t.addTo(ctx, client, path)
		if err != nil {
			err = fmt.Errorf("requesting a timestamp for %s: %w (the next run tries again)", path, err)
			problems = append(problems, err)
		}
		if asked && err != nil {
			break
		}
	}
	return errors.Join(problems...)
}

// addTo requests and stores the timestamp of one folder, unless it has one. It reports whether it
// asked the server.
func (t *Timestamps) addTo(ctx context.Context, client *http.Client, path string) (asked bool, err error) {
	// If the report is written again in the meantime, root is still the earlier folder.
	root, err := os.OpenRoot(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if _, err := root.Lstat(evidence.TimestampFile); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	sums, err := evidence.ReadFileIn(root, evidence.SumsFile)
	if err != nil {
		return false, err
	}
	request, err := evidence.NewTimestampRequest(sums)
	if err != nil {
		return false, err
	}
	response, err := t.ask(ctx, client, request.DER)
	if err != nil {
		return true, err
	}
	if err := request.Check(response, t.Roots); err != nil {
		return true, fmt.Errorf("the response of the timestamp server is refused: %w", err)
	}
	return true, store(root, response)
}

// ask sends a request over HTTP: https://www.rfc-editor.org/rfc/rfc3161#section-3.4
func (t *Timestamps) ask(ctx context.Context, client *http.Client, der []byte) (response []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(der))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/timestamp-query")
	answer, err := client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL, which may have a key
		}
		return nil, fmt.Errorf("asking the timestamp server: %w", cmp.Or(context.Cause(ctx), err))
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the timestamp server answered with HTTP %d", answer.StatusCode)
	}
	response, err = io.ReadAll(io.LimitReader(answer.Body, timestampMaxBytes+1))
	if err == nil && len(response) > timestampMaxBytes {
		err = fmt.Errorf("the response of the timestamp server has more than %d bytes", timestampMaxBytes)
	}
	return response, err
}

// store writes the timestamp into the folder, whole or not at all. It replaces what a killed
// process left of an earlier one.
func store(root *os.Root, response []byte) error {
	f, err := root.OpenFile(evidence.TimestampPartial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(response)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, root.Remove(evidence.TimestampPartial))
	}
	if err := root.Rename(evidence.TimestampPartial, evidence.TimestampFile); err != nil {
		return errors.Join(err, root.Remove(evidence.TimestampPartial))
	}
	return durable.SyncFolder(root.Name())
}
