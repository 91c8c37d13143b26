package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Namespace is the namespace of the signatures, the argument -n of ssh-keygen -Y verify.
const Namespace = "auditor"

// Signer signs with one SSH key: a private key that it has read, or a key in an SSH agent.
type Signer struct {
	private ssh.Signer // nil if the agent has the private key
	public  ssh.PublicKey
	socket  string // of the agent
}

// OpenSigner reads a private key, or a public key whose private key is in the SSH agent at socket
// (empty: there is no agent). For a private key with a passphrase it also uses the agent.
func OpenSigner(file, socket string) (*Signer, error) {
	content, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(content); err == nil {
		return inAgent(file, public, socket)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	// Windows has no permission bits.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("others can read the private key %s (mode %04o); run \"chmod 600 %s\"", file, mode, file)
	}
	private, err := ssh.ParsePrivateKey(content)
	if locked, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		if locked.PublicKey == nil || socket == "" {
			return nil, fmt.Errorf("the private key %s needs a passphrase, and no SSH agent has it; "+
				"run \"ssh-add %s\" and set SSH_AUTH_SOCK, or use a key without a passphrase", file, file)
		}
		return inAgent(file, locked.PublicKey, socket)
	}
	if err != nil {
		return nil, fmt.Errorf("%s has no key that auditor can read: %w", file, err)
	}
	return &Signer{private: private, public: private.PublicKey()}, nil
}

func inAgent(file string, public ssh.PublicKey, socket string) (*Signer, error) {
	s := &Signer{public: public, socket: socket}
	if socket == "" {
		return nil, fmt.Errorf("%s is a public key, and SSH_AUTH_SOCK names no SSH agent with its private key", file)
	}
	return s, s.withAgent(func(ssh.Signer) error { return nil })
}

// agentTimeout bounds one use of the agent, which may wait for somebody to confirm it.
const agentTimeout = 10 * time.Second

// withAgent calls do with the key in the agent.
func (s *Signer) withAgent(do func(ssh.Signer) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), agentTimeout)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "unix", s.socket)
	if err != nil {
		return fmt.Errorf("connecting to the SSH agent: %w", err)
	}
	// Closing the connection ends a call that waits for the agent.
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer stop()
	defer func() {
		_ = connection.Close()
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("the SSH agent did not answer within %s; does it wait for somebody to confirm?", agentTimeout)
		}
	}()
	keys, err := agent.NewClient(connection).Signers()
	if err != nil {
		return fmt.Errorf("listing the keys of the SSH agent: %w", err)
	}
	for _, key := range keys {
		if bytes.Equal(key.PublicKey().Marshal(), s.public.Marshal()) {
			return do(key)
		}
	}
	return fmt.Errorf("the SSH agent does not have the key %s; add it with ssh-add", ssh.FingerprintSHA256(s.public))
}

// Sign returns a signature in the format of ssh-keygen -Y sign:
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
func (s *Signer) Sign(message []byte) ([]byte, error) {
	var signature *sshsig.Signature
	sign := func(key ssh.Signer) (err error) {
		signature, err = sshsig.Sign(bytes.NewReader(message), key, sshsig.HashSHA512, Namespace)
		return err
	}
	var err error
	if s.private != nil {
		err = sign(s.private)
	} else {
		err = s.withAgent(sign)
	}
	if err != nil {
		return nil, fmt.Errorf("signing with the key %s: %w", ssh.FingerprintSHA256(s.public), err)
	}
	return sshsig.Armor(signature), nil
}

// Signers are the keys in a file of allowed signers.
type Signers []signer

type signer struct {
	principals string
	key        ssh.PublicKey
	namespaces string // patterns, comma-separated; empty for every namespace
}

// ParseSigners parses the format ALLOWED SIGNERS of ssh-keygen(1). An option other than namespaces
// is an error, so that no restriction is ignored.
func ParseSigners(content []byte) (Signers, error) {
	var all Signers
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		principals, rest, _ := strings.Cut(line, " ")
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w; expected \"PRINCIPALS [OPTIONS] KEYTYPE KEY\"", number, err)
		}
		s := signer{principals: principals, key: key}
		for _, option := range options {
			namespaces, ok := strings.CutPrefix(option, "namespaces=")
			if !ok {
				return nil, fmt.Errorf("line %d: auditor does not support the option %q; "+
					"check this signature with ssh-keygen -Y verify", number, option)
			}
			if s.namespaces = strings.Trim(namespaces, `"`); s.namespaces == "" {
				return nil, fmt.Errorf("line %d: the option namespaces names no namespace", number)
			}
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, errors.New("the file has no signer")
	}
	return all, nil
}

// CheckSignature checks a signature over a message. It returns the principals of the key in
// signers, or, if signers is nil, only the fingerprint of the key in the signature.
func CheckSignature(message, signature []byte, signers Signers) (signedBy string, err error) {
	s, err := sshsig.Unarmor(signature)
	if err != nil {
		return "", fmt.Errorf("it is not an SSH signature: %w", err)
	}
	fingerprint := ssh.FingerprintSHA256(s.PublicKey)
	err = sshsig.Verify(bytes.NewReader(message), s, s.PublicKey, s.HashAlgorithm, Namespace)
	if err != nil {
		return "", fmt.Errorf("it is not a signature of the key %s over this file: %w", fingerprint, err)
	}
	if signers == nil {
		return fingerprint, nil
	}
	i := slices.IndexFunc(signers, func(one signer) bool {
		return bytes.Equal(one.key.Marshal(), s.PublicKey.Marshal()) && one.allows(Namespace)
	})
	if i < 0 {
		return "", fmt.Errorf("the key %s is none of the allowed signers", fingerprint)
	}
	return signers[i].principals, nil
}

func (s *signer) allows(namespace string) bool {
	allowed := s.namespaces == ""
	for pattern := range strings.SplitSeq(s.namespaces, ",") {
		pattern, negated := strings.CutPrefix(strings.TrimSpace(pattern), "!")
		if matched, err := path.Match(pattern, namespace); err != nil || !matched {
			continue
		}
		if negated {
			return false
		}
		allowed = true
	}
	return allowed
}

// PublicKey returns the key in a signature in the format of a public key file.
func PublicKey(signature []byte) (string, error) {
	s, err := sshsig.Unarmor(signature)
	if err != nil {
		return "", fmt.Errorf("it is not an SSH signature: %w", err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey))), nil
}
