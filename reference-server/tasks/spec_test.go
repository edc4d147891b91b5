package tasks

import (
	"strings"
	"testing"
	"time"
)

func TestParseSpec(t *testing.T) {
	for body, want := range map[string]Spec{
		``:                                       {Work: "sleep"},
		`{}`:                                     {Work: "sleep"},
		`{"work":"cpu","duration":"20ms"}`:       {Work: "cpu", Duration: 20 * time.Millisecond},
		`{"work":"file","size":10}`:              {Work: "file", Size: 10},
		`{"work":"sleep","duration":"1h"}` + " ": {Work: "sleep", Duration: time.Hour},
		`{"delay":"2s","key":"order-17"}`:        {Work: "sleep", Delay: 2 * time.Second, Key: "order-17"},
	} {
		if got, err := ParseSpec([]byte(body)); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", body, got, err, want)
		}
	}
	for _, body := range []string{`{`, `[]`, `1`, `{} {}`, `{"work":"dance"}`, `{"duration":20}`, `{"duration":"-1s"}`,
		`{"duration":"2h"}`, `{"size":-1}`, `{"size":67108865}`, `{"colour":"red"}`,
		`{"delay":"2h"}`, `{"key":"two words"}`, `{"key":"` + strings.Repeat("k", MaxKey+1) + `"}`} {
		if got, err := ParseSpec([]byte(body)); err == nil {
			t.Errorf("%s: %v, want an error", body, got)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"work":"cpu","duration":"20ms","size":3}`, `{"duration":"1e9h"}`,
		`{"size":1e30}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := ParseSpec(body)
		if err == nil && (s.Duration < 0 || s.Duration > MaxDuration || s.Size < 0 || s.Size > MaxSize || s.Work == "") {
			t.Fatalf("%q: %v", body, s)
		}
	})
}
