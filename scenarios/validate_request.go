package scenarios

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// target judges a request: what could not be sent as it stands is told here, and never sent.
func (v *validation) target(at string, t Target) {
	v.path(at+".path", t.Path, t.Template)
	if t.Method != "" && !httpguts.ValidHeaderFieldName(t.Method) { // both are tokens: RFC 9110, 5.6.2
		v.add(at+".method", fmt.Sprintf("%q", t.Method), "want a word such as GET or POST")
	}
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		switch value := t.Header[name]; {
		case !httpguts.ValidHeaderFieldName(name):
			v.add(at+".header", fmt.Sprintf("%q is no header's name", name), "want one such as Content-Type")
		case !httpguts.ValidHeaderFieldValue(value):
			v.add(at+".header", fmt.Sprintf("%s: a line break or a control character in %q", name, value), "want one line of text")
		case t.Template:
			v.template(at+".header", value)
		}
	}
	if t.Template {
		v.template(at+".body", t.Body)
	}
	if t.Body != "" && t.BodyFile != "" {
		v.add(at+".body_file", "stands beside body", "want one of the two")
	}
	for _, code := range t.Expect {
		if code < 100 || code > 599 {
			v.add(at+".expect", fmt.Sprintf("%d is no HTTP status", code), "want 100 to 599")
		}
	}
}

// path judges a path below the server's root.
func (v *validation) path(at, path string, template bool) {
	const example = "want a path such as /task"
	switch {
	case path == "":
		return // told by its tag
	case !strings.HasPrefix(path, "/"):
		v.add(at, fmt.Sprintf("%q does not begin with a slash", path), example)
		return
	case strings.HasPrefix(path, "//"):
		v.add(at, fmt.Sprintf("%q begins with two slashes, which name another host", path), example)
		return
	}
	pieces := []Piece{{Text: path}}
	if template {
		var err error
		if pieces, err = ParseTemplate(path); err != nil {
			v.add(at, err.Error(), "")
			return
		}
	}
	for _, p := range pieces {
		// A URL escapes other letters by itself; what is filled into a template's path is sent as it stands.
		bad := strings.IndexFunc(p.Text, func(c rune) bool { return c <= ' ' || c == 0x7f || template && c > 0x7f })
		if bad >= 0 {
			v.add(at, fmt.Sprintf("%q has %q in it", path, []rune(p.Text[bad:])[0]), "want it as %XX, such as %20 for a space")
			return
		}
	}
	if _, err := url.Parse(path); err != nil && !template {
		v.add(at, fmt.Sprintf("%q is no path of a URL", path), "want %XX with two hexadecimal digits, such as %20 for a space")
	}
}

func (v *validation) template(at, text string) {
	if _, err := ParseTemplate(text); err != nil {
		v.add(at, err.Error(), "")
	}
}
