package loadgen

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestOnlyThisMachineIsLoadedUnlessANotherIsNamed(t *testing.T) {
	for _, c := range []struct {
		base    string
		options Options
		refused string
	}{
		{"http://127.0.0.1:1/", Options{}, ""},
		{"http://127.9.9.9:1/", Options{}, ""},
		{"http://[::1]:1/", Options{}, ""},
		{"http://192.0.2.1/", Options{}, "--allow 192.0.2.1"},
		{"http://192.0.2.1/", Options{Allow: []string{"192.0.2.1"}}, ""},
		{"http://192.0.2.1/", Options{Allow: []string{"192.0.2.2"}}, "--allow 192.0.2.1"},
		{"http://0.0.0.0:1/", Options{}, "--allow 0.0.0.0"},
		{"http://mixed.test/", Options{Resolver: resolverOf(t, [4]byte{127, 0, 0, 1}, [4]byte{192, 0, 2, 1})},
			"--allow mixed.test"},
		{"http://mine.test/", Options{Resolver: resolverOf(t, [4]byte{127, 0, 0, 1})}, ""},
	} {
		for _, template := range []bool{false, true} {
			_, err := New(plan(1, scenarios.Target{Path: "/", Template: template}), c.base,
				history.NewRecorder(time.Now()), c.options)
			if c.refused == "" && err != nil || c.refused != "" &&
				(err == nil || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("%s allowing %v: %v; want %q", c.base, c.options.Allow, err, c.refused)
			}
		}
	}
}
