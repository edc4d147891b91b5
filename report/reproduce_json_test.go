package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Whatever hangtime writes of an incident as JSON can be reproduced: a result, a look, the incident that a hook is given.
func TestAnIncidentIsReadFromAllThatTellsOfOne(t *testing.T) {
	look := hungLook()
	alone, err := json.Marshal(look.Incidents[0])
	if err != nil {
		t.Fatal(err)
	}
	var whole, looked bytes.Buffer
	if err := wholeReport(t).JSON(&whole); err != nil {
		t.Fatal(err)
	}
	if err := look.JSON(&looked); err != nil {
		t.Fatal(err)
	}
	first := wholeReport(t).Variants[0].Incidents[0]
	for _, row := range []struct {
		name    string
		text    []byte
		cause   string
		longest time.Duration
		workers int
	}{
		{"a result", whole.Bytes(), first.Cause.Kind, first.Longest(wholeReport(t).Variants[0].To), 0},
		{"a look", looked.Bytes(), "file-lock", 3 * time.Second, 2},
		{"one incident", alone, "file-lock", 3 * time.Second, 0},
	} {
		if !IsIncidentJSON(row.text) {
			t.Errorf("%s is taken for an access log", row.name)
		}
		seen, err := SeenInJSON(row.text, "", 0, "file.json")
		if err != nil || seen.Cause != row.cause ||
			seen.Longest.Round(time.Microsecond) != row.longest.Round(time.Microsecond) || seen.Workers != row.workers {
			t.Errorf("%s: %+v, %v", row.name, seen, err)
		}
	}
}

func TestWhichIncidentOfAResultIsMeant(t *testing.T) {
	result := `{"version": 2, "variants": [
		{"name": "a", "incidents": [{"id": 1, "kind": "crash", "cause": {"kind": "killed"}}, {"id": 2, "kind": "hang", "cause": {"kind": "disk"}}]},
		{"name": "b", "incidents": [{"id": 1, "kind": "hang", "cause": {"kind": "mutex"}}]}]}`
	for _, row := range []struct {
		text, variant string
		number        int
		want, wrong   string
	}{
		{result, "", 0, "disk", ""},
		{result, "b", 0, "mutex", ""},
		{result, "", 1, "killed", ""},
		{result, "b", 2, "", "no such incident; variant a has crash #1 (killed); variant a has hang #2 (disk); variant b has hang #1 (mutex)"},
		{strings.Replace(result, "2", "1", 1), "", 0, "", "is of version 1, want 2"},
		{`{"cause": 7}`, "", 0, "", "want an incident as hangtime writes it"},
		{`{"variants": 7}`, "", 0, "", "want a result.json of hangtime"},
		{`[`, "", 0, "", "want a result.json of hangtime"},
	} {
		seen, err := SeenInJSON([]byte(row.text), row.variant, row.number, "result.json")
		if row.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("%q %d of %.20s: %v, want %q", row.variant, row.number, row.text, err, row.wrong)
			}
		} else if err != nil || seen.Cause != row.want {
			t.Errorf("%q %d: %+v, %v", row.variant, row.number, seen, err)
		}
	}
}

func TestAnAccessLogIsNotTakenForAnIncident(t *testing.T) {
	for text, want := range map[string]bool{
		"{\n  \"version\": 2":                                           true,
		`{"id":4,"kind":"hang","cause":{"kind":"stopped"}}`:             true,
		`{"time":"2026-01-01T00:00:00Z","path":"/","method":"GET"}`:     false,
		`127.0.0.1 - - [26/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 2`: false,
		"": false,
	} {
		if got := IsIncidentJSON([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
