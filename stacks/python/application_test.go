package python

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// installedFiles are an application that was installed as a package, and a client of others that it calls.
func installedFiles() map[string]string {
	return map[string]string{
		"client/__init__.py": "",
		"client/calls.py":    "import time\ndef call(): time.sleep(3600)\n",
		"shop/__init__.py":   "",
		"shop/views.py":      "import client.calls\ndef view(): client.calls.call()\n",
		"shop/wsgi.py":       "import shop.views\ndef application(environ, start): shop.views.view()\n",
	}
}

const installedProgram = `
import importlib, sys, threading
sys.path.insert(0, sys.argv[1])
name, _, called = sys.argv[2].partition(":")
run = getattr(importlib.import_module(name), called or "application")
threading.Thread(target=run, args=({}, None), name="serve", daemon=True).start()
print("ready", flush=True)
threading.Event().wait(3600)
`

// TestAnApplicationThatIsInstalledIsTheOneOfTheCommandLine: and what it calls is none of it.
func TestAnApplicationThatIsInstalledIsTheOneOfTheCommandLine(t *testing.T) {
	folder := sitePackages(t, installedFiles())
	var finder Finder
	for _, exe := range interpreters(t) {
		for _, word := range []string{"shop.wsgi:application", "shop.wsgi"} {
			t.Run(exe+" "+word, func(t *testing.T) {
				t.Parallel()
				r, _ := start(t, &finder, exe, installedProgram, folder, word)
				eventually(t, r, func(work []stacks.Work) string {
					var own []string
					for _, f := range work1(work, "serve").Frames {
						if !f.Library {
							own = append(own, f.Function)
						}
					}
					if !slices.Equal(own, []string{"view", "application"}) {
						return fmt.Sprintf("the application's are %q", own)
					}
					return ""
				})
			})
		}
	}
}

func TestWordsThatMayNameAnApplication(t *testing.T) {
	for line, want := range map[string][]reference{
		"gunicorn\x00-k\x00gevent\x00--bind=:80\x00myshop.wsgi:create_app()\x00": {{"gunicorn", ""}, {"gevent", ""},
			{"myshop.wsgi", "create_app"}},
		"gunicorn: worker [myshop:app]":                              {{"worker", ""}, {"myshop", "app"}},
		"celery\x00--app=myshop\x00worker\x00-c\x001\x00redis://h/0": {{"celery", ""}, {"myshop", ""}, {"worker", ""}},
	} {
		if got := references([]byte(line)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
