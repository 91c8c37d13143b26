package evidence_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"scim-auditor/internal/evidence"
)

// authority is a timestamp server without HTTP.
type authority struct {
	root, certificate *x509.Certificate
	key               *ecdsa.PrivateKey
}

var issuedAt = time.Date(2026, 11, 23, 2, 5, 0, 0, time.UTC)

// newAuthority returns an authority whose certificate has these uses, and is valid for 20 years.
func newAuthority(t testing.TB, uses ...x509.ExtKeyUsage) *authority {
	t.Helper()
	rootKey, errRoot := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, errKey := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if errRoot != nil || errKey != nil {
		t.Fatal(errRoot, errKey)
	}
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name},
			NotBefore: issuedAt.AddDate(-1, 0, 0), NotAfter: issuedAt.AddDate(20, 0, 0), BasicConstraintsValid: true,
		}
	}
	create := func(c, parent *x509.Certificate, public any) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, public, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	root := template("root")
	root.IsCA, root.KeyUsage = true, x509.KeyUsageCertSign
	server := template("timestamp server")
	server.ExtKeyUsage, server.KeyUsage = uses, x509.KeyUsageDigitalSignature
	a := &authority{root: create(root, root, rootKey.Public()), key: key}
	a.certificate = create(server, a.root, key.Public())
	return a
}

func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// answer answers a request after alter has changed what it says.
func (a *authority) answer(t testing.TB, der []byte, alter func(*timestamp.Timestamp)) []byte {
	t.Helper()
	request, err := timestamp.ParseRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	answer := timestamp.Timestamp{
		HashAlgorithm: request.HashAlgorithm, HashedMessage: request.HashedMessage, Nonce: request.Nonce, Time: issuedAt,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, AddTSACertificate: request.Certificates,
	}
	alter(&answer)
	response, err := answer.CreateResponseWithOpts(a.certificate, a.key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// nested returns sequences in sequences in DER.
func nested(depth int) (der []byte) {
	for range depth {
		inner, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: der})
		if err != nil {
			panic(err)
		}
		der = inner
	}
	return der
}

func asIs(*timestamp.Timestamp) {}

func TestATimestampAnswersItsRequestOnly(t *testing.T) {
	good, other := newAuthority(t, x509.ExtKeyUsageTimeStamping), newAuthority(t, x509.ExtKeyUsageTimeStamping)
	unfit := newAuthority(t, x509.ExtKeyUsageCodeSigning)
	text := []byte("5f…  audit.json\n")
	refusal, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadAlgorithm)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answer func(der []byte) []byte
		roots  *x509.CertPool
		want   string // empty: it is accepted
	}{
		"right": {func(der []byte) []byte { return good.answer(t, der, asIs) }, good.roots(), ""},
		"wrong nonce": {func(der []byte) []byte {
			return good.answer(t, der, func(a *timestamp.Timestamp) { a.Nonce = big.NewInt(5) })
		}, good.roots(), "its nonce is 5, not "},
		"no nonce": {func(der []byte) []byte {
			return good.answer(t, der, func(a *timestamp.Timestamp) { a.Nonce = nil })
		}, good.roots(), "its nonce is <nil>, not "},
		"wrong digest": {func(der []byte) []byte {
			return good.answer(t, der, func(a *timestamp.Timestamp) { a.HashedMessage = bytes.Repeat([]byte{7}, 32) })
		}, good.roots(), "it is for the SHA-256 digest 0707"},
		"weak digest": {func(der []byte) []byte {
			return good.answer(t, der, func(a *timestamp.Timestamp) {
				a.HashAlgorithm, a.HashedMessage = crypto.SHA384, bytes.Repeat([]byte{7}, 48)
			})
		}, good.roots(), "it is for the SHA-384 digest"},
		"no certificate": {func(der []byte) []byte {
			return good.answer(t, der, func(a *timestamp.Timestamp) { a.AddTSACertificate = false })
		}, good.roots(), "it does not have exactly one signer with a certificate"},
		"certificate of another root": {func(der []byte) []byte { return other.answer(t, der, asIs) }, good.roots(),
			"its certificate is not valid for the given roots"},
		"certificate for something else": {func(der []byte) []byte { return unfit.answer(t, der, asIs) }, unfit.roots(),
			"its certificate is not valid for the given roots"},
		"certificate that has expired": {func(der []byte) []byte {
			return good.answer(t, der, func(a *timestamp.Timestamp) { a.Time = issuedAt.AddDate(21, 0, 0) })
		}, good.roots(), "its certificate is not valid for the given roots"},
		"refusal": {func([]byte) []byte { return refusal }, good.roots(), "the request is rejected"},
		"text":    {func([]byte) []byte { return []byte("<html>login</html>") }, good.roots(), "it is not a valid timestamp"},
		"nested":  {func([]byte) []byte { return bytes.Repeat([]byte("0\x80"), 1<<17) }, good.roots(), "it is not a valid timestamp"},
		"deep":    {func([]byte) []byte { return nested(60) }, good.roots(), "its ASN.1 is nested too deeply"},
		"cut":     {func([]byte) []byte { return []byte{0x30, 0x02, 0x1f, 0xff} }, good.roots(), "it is not a valid timestamp"},
		"more": {func(der []byte) []byte { return append(good.answer(t, der, asIs), 0) }, good.roots(),
			"it is not a valid timestamp"},
	} {
		request, err := evidence.NewTimestampRequest(text)
		if err != nil {
			t.Fatal(err)
		}
		response := c.answer(request.DER)
		err = request.Check(response, c.roots)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case c.want == "":
			if at, err := evidence.CheckTimestamp(text, response, nil); err != nil || !at.Equal(issuedAt) {
				t.Errorf("%s without roots: %s, %v", name, at, err)
			}
			if _, err := evidence.CheckTimestamp([]byte("other"), response, c.roots); err == nil {
				t.Errorf("%s: it is a timestamp of another text", name)
			}
		}
	}
}

func TestTwoRequestsHaveTwoNonces(t *testing.T) {
	first, errFirst := evidence.NewTimestampRequest([]byte("text"))
	second, errSecond := evidence.NewTimestampRequest([]byte("text"))
	if errFirst != nil || errSecond != nil || bytes.Equal(first.DER, second.DER) {
		t.Error("the requests are the same", errFirst, errSecond)
	}
}

func TestRootsAreAFileOfCertificates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newAuthority(t).root.Raw})
	for text, want := range map[string]string{string(certificate): "", "hello": "has no certificate in PEM", "": "has no certificate in PEM"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.ReadRoots(file); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// FuzzATimestampFromAnybody checks that a response that was changed is no timestamp of another
// text, and that none makes the program panic.
func FuzzATimestampFromAnybody(f *testing.F) {
	request, err := evidence.NewTimestampRequest([]byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	a := newAuthority(f, x509.ExtKeyUsageTimeStamping)
	f.Add(a.answer(f, request.DER, asIs))
	f.Add([]byte("0\x80\x00\x00"))
	f.Fuzz(func(t *testing.T, response []byte) {
		if at, err := evidence.CheckTimestamp([]byte("other"), response, a.roots()); err == nil {
			t.Errorf("%x is a timestamp of %s", response, at)
		}
	})
}
