package refserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/hangtime-dev/hangtime/reference-server/jetstream"
)

// A NATS server that ran before does as well, and is neither started nor ended.
func TestAnEngineThatRanBefore(t *testing.T) {
	t.Parallel()
	own := external(t, func(*server.Options) {})
	s := serve(t, func(c *Config) { jetStream(c); jetstream.Of(&c.Queue).URL = own.ClientURL() })
	id := s.task(202, `{"work":"sleep","duration":"500ms"}`)
	kill(t, s.holder(id))
	s.becomes(id, "done")
	if n := len(s.said("engine-started")); n != 0 {
		t.Errorf("%d engines were started, want none", n)
	}
	s.signal(syscall.SIGTERM)
	s.exitCode()
	if !own.Running() {
		t.Error("the server ended an engine that is not its own")
	}
}

// external is a NATS server of somebody else's, with its settings changed by change.
func external(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	options := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(),
		NoSigs: true, NoLog: true}
	change(options)
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("it is not ready")
	}
	return s
}

// An authority vouches for certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string // its own certificate
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true,
		NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{key, cert, write(t, name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// vouch gives a server on the loopback its certificate.
func (a authority) vouch(t *testing.T) *tls.Config {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An operator lets users in who have its accounts' word, NATS's decentralised authentication.
type operator struct {
	key     nkeys.KeyPair
	account nkeys.KeyPair
}

func newOperator(t *testing.T) operator {
	t.Helper()
	key, err := nkeys.CreateOperator()
	if err != nil {
		t.Fatal(err)
	}
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	return operator{key, account}
}

// rule has a server let in only its users.
func (o operator) rule(t *testing.T, options *server.Options) {
	t.Helper()
	system, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.NewOperatorClaims(public(t, o.key))
	options.TrustedOperators = []*jwt.OperatorClaims{claims}
	options.SystemAccount = public(t, system)
	resolver := &server.MemAccResolver{}
	for _, pair := range []nkeys.KeyPair{o.account, system} {
		account := jwt.NewAccountClaims(public(t, pair))
		if pair == o.account {
			account.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
		}
		text, err := account.Encode(o.key)
		if err != nil {
			t.Fatal(err)
		}
		if err := resolver.Store(account.Subject, text); err != nil {
			t.Fatal(err)
		}
	}
	options.AccountResolver = resolver
}

// creds is the file of a user.
func (o operator) creds(t *testing.T) string {
	t.Helper()
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewUserClaims(public(t, user)).Encode(o.account)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(token, seed)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "user.creds", text)
}

func public(t *testing.T, pair nkeys.KeyPair) string {
	t.Helper()
	text, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A server of somebody else's is reached over TLS and with credentials; what is wrong with them is one sentence and an
// exit code, at once.
func TestAnEngineThatIsGuarded(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	owner, stranger := newOperator(t), newOperator(t)
	s := external(t, func(o *server.Options) {
		o.TLSConfig = ours.vouch(t)
		owner.rule(t, o)
	})
	address := "tls://" + s.Addr().String()
	creds, strange := owner.creds(t), stranger.creds(t)
	none := filepath.Join(t.TempDir(), "none")
	no := write(t, "no.pem", []byte("no certificate"))
	for _, c := range []struct{ name, ca, creds, want string }{
		{"all is right", ours.file, creds, ""},
		{"a wrong CA", other.file, creds, "its certificate is not vouched for by tasks-ca " + other.file},
		{"no CA", "", creds, "its certificate is not vouched for by this machine's certificates; want tasks-ca"},
		{"a CA's file that is none", no, creds, no},
		{"a CA's file that is not there", none, creds, "tasks-ca: open " + none},
		{"wrong creds", ours.file, strange, "not let in: it refuses those of tasks-creds " + strange},
		{"no creds", ours.file, "", "not let in: it wants tasks-creds"},
		{"creds that are not there", ours.file, none, "tasks-creds: open " + none},
		{"creds that are none", ours.file, no, no},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := func(cfg *Config) {
				jetStream(cfg)
				cfg.Workers = 1
				own := jetstream.Of(&cfg.Queue)
				own.URL, own.CA, own.Creds = address, c.ca, c.creds
			}
			if c.want == "" {
				s := serve(t, set)
				if end := s.ends(s.task(202, aTask)); end != "done" {
					t.Errorf("a task is %s, want done", end)
				}
				return
			}
			s := launch(t, set)
			if code := s.exitCode(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			last := s.lines[len(s.lines)-1]
			if !strings.Contains(last, c.want) || strings.HasPrefix(last, "{") {
				t.Errorf("it says %q, want a sentence with %q", last, c.want)
			}
		})
	}
}
