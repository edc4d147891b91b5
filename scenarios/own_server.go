package scenarios

import (
	"fmt"
	"reflect"
	"strings"
)

// ownServer judges the keys of a server that is not hangtime's own: which are needed, and which have no meaning for
// its kind.
func (v *validation) ownServer(s Server) {
	keys := []struct {
		name  string
		set   bool
		kinds []string // that take it
		need  bool     // by all of these
		hint  string
	}{
		{"command", len(s.Command) > 0, []string{Command}, true,
			`such as command: [gunicorn, --bind, "127.0.0.1:8000", "app:app"]`},
		{"dir", s.Dir != "", []string{Command}, false, ""},
		{"env", len(s.Env) > 0, []string{Command}, false, ""},
		{"address", s.Address != "", []string{Command, Attach}, s.Queue == nil, "where the server accepts, such as 127.0.0.1:8000"},
		{"pid", s.PID != 0, []string{Attach}, false, ""},
		{"pidfile", s.PIDFile != "", []string{Attach}, false, ""},
		{"url", s.URL != "", []string{URL}, true, "such as http://127.0.0.1:8000"},
	}
	for _, k := range keys {
		takes := false
		for _, kind := range k.kinds {
			takes = takes || s.Kind == kind
		}
		switch {
		case takes && k.need && !k.set:
			v.add("server."+k.name, "is missing for kind "+s.Kind, k.hint)
		case !takes && k.set:
			v.add("server."+k.name, fmt.Sprintf("has no meaning for kind %s", s.Kind),
				fmt.Sprintf("it belongs to kind %s", k.kinds[0]))
		}
	}
	if s.Kind != Reference {
		v.referenceOnly(s)
	}
	v.queue(s)
	if s.PID != 0 && s.PIDFile != "" {
		v.add("server.pidfile", "stands beside pid", "want one of the two")
	}
	if s.Address != "" {
		if err := validAddress(s.Address); err != nil {
			v.add("server.address", err.Error(), "")
		}
	}
	if s.Upstream != "" {
		if err := validLoopback(s.Upstream); err != nil {
			v.add("server.upstream", err.Error(), "")
		}
	}
	if s.URL != "" {
		if u, err := ParseURL(s.URL); err != nil {
			v.add("server.url", err.Error(), "")
		} else if !strings.HasPrefix(s.URL, u.Scheme+"://") {
			v.add("server.url", fmt.Sprintf("%q", s.URL), "want a URL such as http://127.0.0.1:8000")
		}
	}
}

// saysWhich are the keys that say which server it is; all others say how one is set.
var saysWhich = map[string]bool{"kind": true, "command": true, "dir": true, "env": true, "pid": true, "pidfile": true,
	"address": true, "url": true, "queue": true}

// SaysWhichServer says whether a key of a server says which it is, and not how it is set.
func SaysWhichServer(key string) bool { return saysWhich[key] }

// referenceOnly refuses settings of hangtime's own server for another: they would be without effect.
func (v *validation) referenceOnly(s Server) {
	held, usual := reflect.ValueOf(s), reflect.ValueOf(Default().Server)
	for _, field := range reflect.VisibleFields(held.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		one := held.FieldByIndex(field.Index)
		if field.Anonymous || saysWhich[name] || name == "timeout" || one.IsZero() ||
			reflect.DeepEqual(one.Interface(), usual.FieldByIndex(field.Index).Interface()) {
			continue
		}
		v.add("server."+name, "has no meaning for kind "+s.Kind, "it sets hangtime's own server (kind reference); set your server where it is started")
	}
}
