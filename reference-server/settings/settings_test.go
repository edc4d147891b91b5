package settings

import (
	"strings"
	"testing"
)

func TestParseBind(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", ":80": "0.0.0.0:80", "localhost:1": "127.0.0.1:1",
		"127.0.0.1": "127.0.0.1:8000", "[::1]:5": "[::1]:5", "[::1]": "[::1]:8000", "::1": "[::1]:8000", "": "0.0.0.0:8000",
	} {
		if b, err := ParseBind(text); err != nil || b.Address.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, b.Address, err, want)
		}
	}
	if b, err := ParseBind("unix:/a/b"); err != nil || b.Path != "/a/b" {
		t.Errorf("unix:/a/b: %v, %v", b, err)
	}
	for _, text := range []string{"a:b", "host:80", "1.2.3.4:99999", "unix:", "unix:" + strings.Repeat("x", 108)} {
		if b, err := ParseBind(text); err == nil {
			t.Errorf("%q: %v, want an error", text, b)
		}
	}
}

func FuzzParseBind(f *testing.F) {
	for _, seed := range []string{"127.0.0.1:80", "unix:/x", "[::1%eth0]:4", ":"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBind(text)
		if err == nil && b.Path == "" && !b.Address.IsValid() {
			t.Fatalf("%q: %v", text, b)
		}
	})
}
