package jetstream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

// Check connects once to an engine that is not ours, so that what will not be right later either is told at once. One that
// cannot be reached is no error: it may come.
func (a Access) Check() error {
	for name, path := range map[string]string{"tasks-creds": a.Creds, "tasks-ca": a.CA} {
		if path == "" {
			continue
		}
		if _, err := os.ReadFile(path); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	options, err := a.options("check")
	if err != nil {
		return err
	}
	conn, err := nats.Connect(a.URL, options...)
	if err == nil {
		conn.Close()
		return nil
	}
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		by := "this machine's certificates; want tasks-ca"
		if a.CA != "" {
			by = "tasks-ca " + a.CA
		}
		return fmt.Errorf("tasks-url %s: its certificate is not vouched for by %s: %w", a.redacted(), by, untrusted.Err)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		with := "it wants tasks-creds"
		if a.Creds != "" {
			with = "it refuses those of tasks-creds " + a.Creds
		}
		return fmt.Errorf("tasks-url %s: not let in: %s", a.redacted(), with)
	case a.CA != "" && strings.Contains(err.Error(), a.CA), a.Creds != "" && strings.Contains(err.Error(), a.Creds):
		return fmt.Errorf("tasks-url %s: %w", a.redacted(), err) // a file that is none of its kind
	}
	return nil
}

// redacted is the address without a password.
func (a Access) redacted() string {
	var all []string
	for one := range strings.SplitSeq(a.URL, ",") {
		u, err := url.Parse(one)
		if err != nil {
			return "(unreadable)"
		}
		all = append(all, u.Redacted())
	}
	return strings.Join(all, ",")
}
