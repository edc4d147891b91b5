package http1

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/hangtime-dev/hangtime/loadgen/request"
)

// speaks says which host a target is on, or why it is not for this engine.
func speaks(t *request.Target) (hostport, reason string) {
	scheme, rest, _ := strings.Cut(t.URL, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	switch {
	case scheme != "http":
		return "", scheme + " is not spoken by the fast engine"
	case t.Header.Get("Expect") != "" || t.Header.Get("Upgrade") != "" || t.Header.Get("Transfer-Encoding") != "":
		return "", "a target's header asks for more than request and answer"
	case proxied(t.URL):
		return "", "a proxy is set for the target"
	case strings.Contains(host, "@"):
		return "", "the address has a user name in it"
	}
	return hostPort(host), ""
}

// proxied says whether net/http would ask a proxy for an address: HTTP_PROXY and its like, which it never does for this
// machine.
func proxied(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false // a template
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	return err == nil && proxy != nil
}

// hostPort is host:port where the port may be left out.
func hostPort(host string) string {
	u := url.URL{Host: host}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return net.JoinHostPort(u.Hostname(), u.Port())
}
