package statement

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAStatementIsShownWithoutItsValues(t *testing.T) {
	for sql, want := range map[string]string{
		"update account set balance = 100 where id = 1":                   "update account set balance = ? where id = ?",
		"select  *\n from t1 where name = 'it''s' and x2 = 1.5e3":         "select * from t1 where name = ? and x2 = ?",
		`insert into "Odd ""Name" values (E'a\'b', $tag$secret$tag$, $1)`: `insert into "Odd ""Name" values (?, ?, ?)`,
		"select 1 -- token=abc\n, 2":                                      "select ? , ?",
		"/* user=bob */ select `a 1` from t # rest":                       "select `a 1` from t",
		"select x'ff', b'01', U&'d', N'x' from t":                         "select ?, ?, ?, ? from t",
		"set password = 'never closed":                                    "set password = ?",
		"select j #> ? from t":                                            "select j #> ? from t",
		"select 0x41, 1e9":                                                "select ?, ?",
		"":                                                                "",
	} {
		if got := Shape(sql); got != want {
			t.Errorf("%q: got %q, want %q", sql, got, want)
		}
	}
	if got := Shape("select " + strings.Repeat("ü, ", 400)); len(got) > most+len("…") || !utf8.ValidString(got) {
		t.Errorf("a long one: %d bytes: %q", len(got), got)
	}
}

func FuzzAStatementIsShownWithoutItsValues(f *testing.F) {
	for _, seed := range []string{"select 'a'", "$$", "$a$b", "'", "\"", "/*", "u&'", "1e", "\xff'", "e'\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		got := Shape(sql)
		if !utf8.ValidString(got) || len(got) > most+len("…") || strings.ContainsAny(got, "'\n") {
			t.Errorf("%q: %q", sql, got)
		}
		secret := "s3cret"
		if got := Shape("select '" + secret + "' from t where " + strings.ReplaceAll(sql, secret, "")); strings.Contains(got, secret) {
			t.Errorf("%q: %q", sql, got)
		}
	})
}
