package python

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
)

// An applicationReader finds the packages that the application itself is in, where that was installed like a library: those
// of the modules whose objects the program's command line tells it to run.
type applicationReader struct {
	process  stacks.Process
	objects  *objectReader
	modules  *moduleReader
	read     bool
	words    []reference
	packages map[string]bool // by name; of the current look
}

// A reference is a word of a command line that may name an application: "myshop.wsgi:app", "myshop".
type reference struct{ module, object string }

// referenceWord is a module with or without an object in it, as gunicorn, uvicorn, uWSGI, Celery and Flask take it.
var referenceWord = regexp.MustCompile(`^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::([A-Za-z_]\w*))?(?:\(.*\))?$`)

// begin looks which modules of the command line are there now; false: it is as it was.
func (as *applicationReader) begin() (changed bool) {
	if !as.read {
		as.read = true
		text, err := os.ReadFile(proc.FS(as.process.Proc).Path(as.process.PID, "cmdline"))
		if err != nil {
			return false
		}
		as.words = references(text)
	}
	found := map[string]bool{}
	for _, word := range as.words {
		if as.has(word) {
			name, _, _ := strings.Cut(word.module, ".")
			found[name] = true
		}
	}
	changed = !maps.Equal(found, as.packages)
	as.packages = found
	return changed
}

// references are the words of a command line that may name an application. In a title such as gunicorn's it is in brackets.
func references(line []byte) []reference {
	const most = 64
	var all []reference
	for _, word := range strings.Fields(string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))) {
		if i := strings.IndexByte(word, '='); i >= 0 {
			word = word[i+1:]
		}
		if m := referenceWord.FindStringSubmatch(strings.Trim(word, "[]")); m != nil && len(all) < most {
			all = append(all, reference{m[1], m[2]})
		}
	}
	return all
}

// has says whether a module has the object that a word names. A word without one is a module of which servers take what is
// called app or application; a module of that name in it is none of these.
func (as *applicationReader) has(word reference) bool {
	names := []string{word.object}
	if word.object == "" {
		names = []string{"application", "app"}
	}
	for _, name := range names {
		object := as.modules.global(word.module, name)
		if object != 0 && as.objects.typeOf(object).name != "module" {
			return true
		}
	}
	return false
}

// owns says whether a file of an installed package, by its place below the folder that these are in, is the application's.
func (as *applicationReader) owns(place string) bool {
	name, _, _ := strings.Cut(place, "/")
	return as.packages[strings.TrimSuffix(name, ".py")]
}
