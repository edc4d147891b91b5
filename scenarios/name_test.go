package scenarios

import "testing"

func TestNameFor(t *testing.T) {
	for path, want := range map[string]string{
		"/tmp/x/Access Log_2.log":       "access-log-2",
		"log-contention.hangtime":       "log-contention",
		"dir.d/plain":                   "plain",
		"a.b.json":                      "a-b",
		"Überlast (Montag).hangtime":    "berlast-montag",
		"/var/log/nginx/access.log.1.x": "access-log-1",
	} {
		if got := NameFor(path); got != want {
			t.Errorf("NameFor(%q) = %q, want %q", path, got, want)
		}
	}
}
