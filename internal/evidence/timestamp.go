package evidence

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// TimestampRequest is a request for a timestamp over a text:
// https://www.rfc-editor.org/rfc/rfc3161#section-2.4.1
type TimestampRequest struct {
	DER   []byte
	text  []byte
	nonce *big.Int
}

// NewTimestampRequest returns a request with the SHA-256 of the text, a random nonce, and the wish
// for the certificate.
func NewTimestampRequest(text []byte) (*TimestampRequest, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, fmt.Errorf("choosing a nonce: %w", err)
	}
	options := &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce}
	der, err := timestamp.CreateRequest(bytes.NewReader(text), options)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return &TimestampRequest{der, text, nonce}, nil
}

// Check checks that a response answers the request, and that its certificate is valid for one of
// the roots.
func (r *TimestampRequest) Check(response []byte, roots *x509.CertPool) error {
	token, err := parseTimestamp(response)
	if err != nil {
		return err
	}
	if token.Nonce == nil || token.Nonce.Cmp(r.nonce) != 0 {
		return fmt.Errorf("its nonce is %v, not %v as in the request", token.Nonce, r.nonce)
	}
	_, err = CheckTimestamp(r.text, response, roots)
	return err
}

// CheckTimestamp checks a response for a text and returns the time in it. It checks the signature
// with the certificate in the response, and, unless roots is nil, that this certificate was valid
// at that time for one of the roots.
func CheckTimestamp(text, response []byte, roots *x509.CertPool) (time.Time, error) {
	token, err := parseTimestamp(response)
	if err != nil {
		return time.Time{}, err
	}
	sum := sha256.Sum256(text)
	if token.HashAlgorithm != crypto.SHA256 || !bytes.Equal(token.HashedMessage, sum[:]) {
		return time.Time{}, fmt.Errorf("it is for the %s digest %x, and the file has the SHA-256 %x",
			token.HashAlgorithm, token.HashedMessage, sum)
	}
	if roots == nil {
		return token.Time.UTC(), nil
	}
	signed, err := pkcs7.Parse(token.RawToken)
	if err != nil {
		return time.Time{}, err
	}
	intermediates := x509.NewCertPool()
	for _, c := range signed.Certificates {
		intermediates.AddCert(c)
	}
	err = signed.VerifyWithOpts(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: token.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("its certificate is not valid for the given roots: %w", err)
	}
	return token.Time.UTC(), nil
}

// tstInfo is the type of the content of a timestamp:
// https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2
var tstInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// parseTimestamp parses a response and checks its signature with the certificate in it.
func parseTimestamp(response []byte) (*timestamp.Timestamp, error) {
	if err := checkDER(response, maxDepth); err != nil {
		return nil, fmt.Errorf("it is not a valid timestamp: %w", err)
	}
	token, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, fmt.Errorf("it is not a valid timestamp: %w", err)
	}
	signed, err := pkcs7.Parse(token.RawToken)
	if err != nil {
		return nil, fmt.Errorf("it is not a valid timestamp: %w", err)
	}
	// Without certificates, the library does not check the signature.
	if signed.GetOnlySigner() == nil {
		return nil, errors.New("it does not have exactly one signer with a certificate")
	}
	var content asn1.ObjectIdentifier
	err = signed.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content)
	if err != nil || !content.Equal(tstInfo) {
		return nil, errors.New("what it signs is not a timestamp")
	}
	return token, nil
}

// maxDepth is the deepest nesting in a response. Real ones have about 12 levels.
const maxDepth = 40

// checkDER checks that everything in der is in DER, as RFC 3161 requires. The library also reads
// BER, for which malformed input makes it panic, and deep nesting makes it slow.
func checkDER(der []byte, depth int) error {
	if depth == 0 {
		return errors.New("its ASN.1 is nested too deeply")
	}
	for len(der) > 0 {
		var value asn1.RawValue
		rest, err := asn1.Unmarshal(der, &value)
		if err != nil {
			return err
		}
		if value.IsCompound {
			if err := checkDER(value.Bytes, depth-1); err != nil {
				return err
			}
		}
		der = rest
	}
	return nil
}

// ReadRoots reads a file of root certificates in PEM.
func ReadRoots(file string) (*x509.CertPool, error) {
	content, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s has no certificate in PEM", file)
	}
	return roots, nil
}
