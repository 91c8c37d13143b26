package job_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/job"
)

// newAuthority returns a handler that issues timestamps, and the roots for them.
func newAuthority(t *testing.T) (http.HandlerFunc, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "timestamp server"},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().AddDate(1, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request, err := timestamp.ParseRequest(body)
		if err != nil {
			t.Error(err)
			return
		}
		answer := timestamp.Timestamp{
			HashAlgorithm: request.HashAlgorithm, HashedMessage: request.HashedMessage, Nonce: request.Nonce, Time: time.Now(),
			Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, AddTSACertificate: request.Certificates,
		}
		response, err := answer.CreateResponseWithOpts(certificate, key, crypto.SHA256)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(response)
	}, roots
}

// reportFolders makes a directory with report folders that lack a timestamp.
func reportFolders(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, evidence.SumsFile), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	firstReport  = "2026-11-22T020000Z-run-1"
	secondReport = "2026-11-23T020000Z-run-2"
)

func TestEachReportFolderGetsOneTimestamp(t *testing.T) {
	issue, roots := newAuthority(t)
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		issue(w, r)
	}))
	defer server.Close()
	dir := reportFolders(t, firstReport, secondReport, "2026-11-01--2026-11-30-period", "notes")
	// A killed process left a part of a timestamp.
	if err := os.WriteFile(filepath.Join(dir, firstReport, "."+evidence.TimestampFile), []byte("0\x82"),
		0o600); err != nil {
		t.Fatal(err)
	}
	stamps := &job.Timestamps{URL: server.URL, Roots: roots}
	for range 2 {
		if err := stamps.Add(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	if requests != 3 {
		t.Errorf("%d requests for 3 reports", requests)
	}
	for _, name := range []string{firstReport, secondReport, "2026-11-01--2026-11-30-period"} {
		response, err := os.ReadFile(filepath.Join(dir, name, evidence.TimestampFile))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.CheckTimestamp([]byte(name), response, roots); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if files, _ := os.ReadDir(filepath.Join(dir, name)); len(files) != 2 {
			t.Errorf("%s has %v", name, files)
		}
	}
}

func TestAFailingTimestampServerIsNamedAndAskedOnce(t *testing.T) {
	issue, _ := newAuthority(t)
	_, otherRoots := newAuthority(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"error": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
			"the timestamp server answered with HTTP 500"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/else", http.StatusFound) },
			"the timestamp server answered with HTTP 302"},
		"page": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
			"the response of the timestamp server is refused"},
		"too much": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) },
			"has more than 262144 bytes"},
		"other roots": {issue, "its certificate is not valid for the given roots"},
		"broken reply": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"asking the timestamp server: EOF"},
	} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			c.answer(w, r)
		}))
		dir := reportFolders(t, firstReport, secondReport)
		stamps := &job.Timestamps{URL: server.URL + "/?key=secret", Roots: otherRoots}
		err := stamps.Add(t.Context(), dir)
		server.Close()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), secondReport) ||
			!strings.Contains(err.Error(), "the next run tries again") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if requests != 1 {
			t.Errorf("%s: %d requests", name, requests)
		}
		if stored, _ := filepath.Glob(filepath.Join(dir, "*", "*"+evidence.TimestampFile)); len(stored) > 0 {
			t.Errorf("%s: %v is stored", name, stored)
		}
	}
}

func TestAHangingTimestampServerEndsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client has gone
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, roots := newAuthority(t)
	err := (&job.Timestamps{URL: server.URL, Roots: roots}).Add(ctx, reportFolders(t, firstReport))
	if err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("%v", err)
	}
}

func TestAFolderThatCannotBeReadDoesNotKeepOthersFromATimestamp(t *testing.T) {
	issue, roots := newAuthority(t)
	server := httptest.NewServer(issue)
	defer server.Close()
	dir := reportFolders(t, firstReport, secondReport)
	sums := filepath.Join(dir, secondReport, evidence.SumsFile)
	if err := os.Remove(sums); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(sums, 0o700); err != nil {
		t.Fatal(err)
	}
	err := (&job.Timestamps{URL: server.URL, Roots: roots}).Add(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), secondReport+": SHA256SUMS is not a regular file") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, firstReport, evidence.TimestampFile)); err != nil {
		t.Error(err)
	}
}
