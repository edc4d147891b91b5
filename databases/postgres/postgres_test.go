package postgres

import (
	"strings"
	"testing"
)

func TestALockInWords(t *testing.T) {
	for want, l := range map[string]lock{
		"a row of account":         {kind: "transactionid", relation: "account"},
		"a row":                    {kind: "transactionid"},
		"the table account":        {kind: "relation", relation: "account"},
		"a table":                  {kind: "relation"},
		"advisory lock 4711":       {kind: "advisory", object: 4711, part: 1},
		"advisory lock 4294967297": {kind: "advisory", class: 1, object: 1, part: 1},
		"advisory lock (7, 8)":     {kind: "advisory", class: 7, object: 8, part: 2},
		"a lock (virtualxid)":      {kind: "virtualxid"},
	} {
		if got := l.words(); got != want {
			t.Errorf("%+v: got %q, want %q", l, got, want)
		}
	}
}

func TestWhatIsNoAddressIsSaidWithoutIt(t *testing.T) {
	for _, dsn := range []string{"postgres://u:s3cret@h:99999/", "postgres://u:s3cret@[/", "host=h password=s3cret port=x", "s3cret"} {
		_, err := Open(dsn)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
	d, err := Open("postgres://u:s3cret@127.0.0.1:5433/shop")
	if err != nil {
		t.Fatal(err)
	}
	if d.Name() != "PostgreSQL at 127.0.0.1:5433" || d.Port() != 5433 {
		t.Errorf("%s, port %d", d.Name(), d.Port())
	}
}
