package settings

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"scim-auditor/internal/evidence"
)

// evidenceEntry is the key evidence in the config file.
type evidenceEntry struct {
	// SignWith is a private key, or a public key whose private key is in the SSH agent.
	SignWith       string `yaml:"sign_with"`
	TimestampURL   string `yaml:"timestamp_url"`
	TimestampRoots string `yaml:"timestamp_roots"` // root certificates of the timestamp server, PEM
}

// Signer reads the key that signs report folders. It returns nil if the settings name none.
func (s *Settings) Signer() (*evidence.Signer, error) {
	if s.Evidence.SignWith == "" {
		return nil, nil
	}
	signer, err := evidence.OpenSigner(s.Evidence.SignWith, s.getenv("SSH_AUTH_SOCK"))
	if err != nil {
		return nil, s.wrongEvidence("sign_with", err, "name a private key in OpenSSH's format that only its owner can "+
			"read and that has no passphrase, or a public key whose private key is in the SSH agent (ssh-add)")
	}
	return signer, nil
}

// Timestamps returns the URL of the timestamp server and the root certificates that its certificate
// must have. The URL is empty if the settings name none.
func (s *Settings) Timestamps() (server string, roots *x509.CertPool, err error) {
	if s.Evidence.TimestampURL == "" {
		return "", nil, nil
	}
	u, err := url.Parse(s.Evidence.TimestampURL)
	// A password with a slash is no user information for url.Parse, so no @ is accepted.
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
		strings.Contains(s.Evidence.TimestampURL, "@") {
		return "", nil, s.wrongEvidence("timestamp_url", errors.New("it is not an http or https URL without a password"),
			"name an RFC 3161 server, such as https://freetsa.org/tsr")
	}
	if s.Evidence.TimestampRoots == "" {
		return "", nil, s.wrongEvidence("timestamp_url", errors.New("timestamp_roots is missing"),
			"name the file with the root certificates of the timestamp server, so that its answers can be checked")
	}
	if roots, err = evidence.ReadRoots(s.Evidence.TimestampRoots); err != nil {
		return "", nil, s.wrongEvidence("timestamp_roots", err,
			"name a file with the root certificates of the timestamp server in PEM")
	}
	return s.Evidence.TimestampURL, roots, nil
}

func (s *Settings) wrongEvidence(key string, err error, hint string) error {
	where := s.file.where("$.evidence."+key, "$.evidence")
	return &Error{fmt.Errorf("config file %s: evidence: %s: %w", where, key, err), hint}
}
