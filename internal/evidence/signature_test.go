package evidence_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"scim-auditor/internal/evidence"
)

var message = []byte("5f…  audit.json\n")

// privateKeys returns a key of each kind that ssh-keygen makes and that needs no device.
func privateKeys(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	_, edwards, errEdwards := ed25519.GenerateKey(rand.Reader)
	curve, errCurve := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	large, errLarge := rsa.GenerateKey(rand.Reader, 2048)
	if errEdwards != nil || errCurve != nil || errLarge != nil {
		t.Fatal(errEdwards, errCurve, errLarge)
	}
	return map[string]crypto.Signer{"ed25519": edwards, "ecdsa": curve, "rsa": large}
}

// writeKey writes a private key in OpenSSH's format, with a passphrase unless that is empty, and
// returns the line of its public key.
func writeKey(t *testing.T, path string, key crypto.Signer, passphrase string) (public string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(line))
}

// startAgent serves an SSH agent with these keys and returns its socket.
func startAgent(t *testing.T, keys ...crypto.Signer) string {
	t.Helper()
	ring := agent.NewKeyring()
	for _, key := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := os.MkdirTemp("", "a") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listener.Close()
		_ = os.RemoveAll(folder)
	})
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, connection) }()
		}
	}()
	return socket
}

func TestASignatureIsValidForItsMessageAndItsSigner(t *testing.T) {
	for kind, key := range privateKeys(t) {
		folder := t.TempDir()
		private, locked := filepath.Join(folder, "key"), filepath.Join(folder, "locked")
		line := writeKey(t, private, key, "")
		writeKey(t, locked, key, "secret")
		public := private + ".pub"
		if err := os.WriteFile(public, []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
		socket := startAgent(t, key)
		for _, file := range []string{private, locked, public} {
			signer, err := evidence.OpenSigner(file, socket)
			if err != nil {
				t.Fatalf("%s %s: %v", kind, file, err)
			}
			signature, err := signer.Sign(message)
			if err != nil {
				t.Fatalf("%s %s: %v", kind, file, err)
			}
			signers, err := evidence.ParseSigners([]byte("# who may sign\n\nops@example.com,auditor namespaces=\"file,aud*\" " + line))
			if err != nil {
				t.Fatal(err)
			}
			if by, err := evidence.CheckSignature(message, signature, signers); err != nil || by != "ops@example.com,auditor" {
				t.Errorf("%s %s: signed by %q, %v", kind, file, by, err)
			}
			if by, err := evidence.CheckSignature(message, signature, nil); err != nil || !strings.HasPrefix(by, "SHA256:") {
				t.Errorf("%s %s: signed by %q, %v", kind, file, by, err)
			}
			if _, err := evidence.CheckSignature([]byte("other"), signature, signers); err == nil {
				t.Errorf("%s %s: the signature is valid for another message", kind, file)
			}
		}
	}
}

func TestAnAgentThatHasGoneIsNamed(t *testing.T) {
	key := privateKeys(t)["ed25519"]
	locked := filepath.Join(t.TempDir(), "locked")
	writeKey(t, locked, key, "secret")
	socket := startAgent(t, key)
	signer, err := evidence.OpenSigner(locked, socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(message); err == nil || !strings.Contains(err.Error(), "connecting to the SSH agent") {
		t.Errorf("%v", err)
	}
}

func TestASignatureOfSomebodyElseIsRefused(t *testing.T) {
	key, other := privateKeys(t)["ed25519"], privateKeys(t)["ed25519"]
	private := filepath.Join(t.TempDir(), "key")
	line := writeKey(t, private, key, "")
	otherLine := writeKey(t, filepath.Join(t.TempDir(), "key"), other, "")
	signer, err := evidence.OpenSigner(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	for _, allowed := range []string{
		"ops " + otherLine, "ops namespaces=\"file,git\" " + line,
		"ops namespaces=\"*,!auditor\" " + line, "ops namespaces=\"!auditor,*\" " + line,
	} {
		signers, err := evidence.ParseSigners([]byte(allowed))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.CheckSignature(message, signature, signers); err == nil ||
			!strings.Contains(err.Error(), "is none of the allowed signers") {
			t.Errorf("%q: %v", allowed, err)
		}
	}
	if _, err := evidence.CheckSignature(message, []byte("no signature"), nil); err == nil {
		t.Error("a text is a signature")
	}
	for _, malformed := range []string{"", "# nobody\n", "ops\n", line, "ops cert-authority " + line, "ops valid-before=\"20270101\" " + line, "ops namespaces=\"\" " + line} {
		if _, err := evidence.ParseSigners([]byte(malformed)); err == nil {
			t.Errorf("%q is a file of allowed signers", malformed)
		}
	}
}

func TestAKeyThatCannotSignSaysWhatToDo(t *testing.T) {
	keys, folder := privateKeys(t), t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	line := writeKey(t, at("key"), keys["ed25519"], "")
	writeKey(t, at("locked"), keys["ed25519"], "secret")
	writeKey(t, at("open"), keys["ed25519"], "")
	for name, text := range map[string]string{"public": line, "text": "hello\n", "empty": ""} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(at("open"), 0o640); err != nil {
		t.Fatal(err)
	}
	other := startAgent(t, keys["ecdsa"])
	for _, c := range []struct{ file, socket, want string }{
		{"absent", "", "no such file"},
		{".", "", "is not a regular file"},
		{"text", "", "has no key that auditor can read"},
		{"empty", "", "has no key that auditor can read"},
		{"open", "", "others can read the private key"},
		{"locked", "", "needs a passphrase, and no SSH agent has it"},
		{"locked", other, "add it with ssh-add"},
		{"public", "", "SSH_AUTH_SOCK names no SSH agent"},
		{"public", other, "add it with ssh-add"},
		{"public", at("absent"), "connecting to the SSH agent"},
	} {
		if runtime.GOOS == "windows" && (c.file == "open" || c.file == "absent") {
			continue // other permissions and other words
		}
		if _, err := evidence.OpenSigner(at(c.file), c.socket); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with the agent %q: %v, want %q", c.file, c.socket, err, c.want)
		}
	}
}
