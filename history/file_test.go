package history

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill gives every field of v a value that is not zero, so that a field lost on the way is seen.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 24, 16, 0, 0, 123, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("text with \"quotes\", <angles> and\nlines")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint64, reflect.Uint32:
		v.SetUint(1<<63 + 1) // beyond what a float64 holds exactly
	case reflect.Int, reflect.Int64:
		v.SetInt(-1234567890123456789)
	case reflect.Float64:
		v.SetFloat(0.1)
	default:
		panic("a new kind of field: " + v.Type().String())
	}
}

func TestEveryEventSurvivesARecording(t *testing.T) {
	path := filepath.Join(t.TempDir(), "all"+Extension)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	records := []Record{{1, 0, Header{Format: Format}}}
	for _, example := range All() {
		filled := reflect.New(reflect.TypeOf(example.Event)).Elem()
		fill(filled)
		seq := uint64(len(records) + 1)
		event := filled.Interface().(Event)
		switch ev := event.(type) { // those whose times a reader judges
		case LoadWindow:
			ev.From, ev.To = 1, 2
			event = ev
		case HitWindow:
			ev.Due, ev.Width = 1, 2
			event = ev
		}
		records = append(records, Record{seq, time.Duration(seq), event})
	}
	if err := w.Append(records); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecording(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, want := range records {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", want.kind(), diff)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v", err)
	}
}

func TestKindsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, example := range All() {
		if seen[example.kind()] {
			t.Errorf("two events are called %s", example.kind())
		}
		seen[example.kind()] = true
	}
}

// A recording that breaks off anywhere gives all records whose line was whole, then ErrTorn, also where the cut falls
// between two records.
func TestATornRecordingIsReadUpToItsLastWholeRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "torn"+Extension)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int64 // of the file after each record
	var all []Record
	for i := range 40 {
		var ev Event = Tick{Late: time.Duration(i)}
		if i == 0 {
			ev = Header{Format: Format}
		}
		rec := Record{uint64(i + 1), time.Duration(i), ev}
		all = append(all, rec)
		if err := w.Append([]Record{rec}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for cut := sizes[0]; cut < int64(len(whole)); cut++ {
		r, err := NewReader("torn", bytes.NewReader(whole[:cut]))
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		n := 0
		for ; ; n++ {
			rec, err := r.Next()
			if err != nil {
				if !errors.Is(err, ErrTorn) {
					t.Fatalf("cut at %d, after %d records: %v", cut, n, err)
				}
				break
			}
			if diff := cmp.Diff(all[n], rec); diff != "" {
				t.Fatalf("cut at %d: %s", cut, diff)
			}
		}
		want := 0
		for want < len(sizes) && sizes[want] <= cut {
			want++
		}
		if n < want {
			t.Fatalf("cut at %d: %d records were whole, %d were read", cut, want, n)
		}
	}
}

func TestWhatIsNoRecordingSaysSo(t *testing.T) {
	zip := func(text string) string {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		io.WriteString(gz, text)
		gz.Close()
		return b.String()
	}
	header := `{"seq":1,"at":0,"kind":"header","event":{"format":1}}` + "\n"
	for _, row := range []struct{ name, text, want string }{
		{"plain text", "hello", "not a recording"},
		{"no header", zip(`{"seq":1,"at":0,"kind":"tick","event":{"late":0}}` + "\n"), "want a header of format 1 to 2"},
		{"a header without a format", zip(`{"seq":1,"at":0,"kind":"header","event":{}}` + "\n"),
			"want a header of format 1 to 2"},
		{"a later format", zip(`{"seq":1,"at":0,"kind":"header","event":{"format":99,"tool":"v9"}}` + "\n"),
			"format 99 was not written by this version of hangtime, which reads up to 2, but by v9"},
		{"a later format with what only it knows",
			zip(`{"seq":1,"at":0,"kind":"header","more":1,"event":{"format":99,"planet":"Mars"}}` + "\n"), "x:1: format 99"},
		{"an unknown kind", zip(header + `{"seq":2,"at":0,"kind":"weather","event":{}}` + "\n"),
			`x:2: record 2: kind "weather" is not known`},
		{"an unknown field of a trouble", zip(header + `{"seq":2,"at":0,"kind":"trouble","event":{"mood":1}}` + "\n"),
			`unknown field "mood"`},
		{"an unknown field", zip(header + `{"seq":2,"at":0,"kind":"tick","event":{"early":1}}` + "\n"),
			`unknown field "early"`},
		{"a gap", zip(header + `{"seq":3,"at":0,"kind":"tick","event":{}}` + "\n"), "record 3 at 0s follows record 1"},
		{"time runs back", zip(header + `{"seq":2,"at":-5,"kind":"tick","event":{}}` + "\n"), "no earlier time"},
		{"no JSON", zip(header + "what?\n"), "x:2: "},
	} {
		r, err := NewReader("x", strings.NewReader(row.text))
		for err == nil {
			_, err = r.Next()
		}
		if !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %q, want it to say %q", row.name, err, row.want)
		}
	}
}

// A trouble of format 1 names a room and has no weight, which voids what was measured.
func TestATroubleOfFormat1IsRead(t *testing.T) {
	for text, want := range map[string]Trouble{
		`{"room":"probe","text":"blind"}`:                         {Component: "probe", Text: "blind"},
		`{"component":"probe","text":"slow","weight":"harmless"}`: {Component: "probe", Text: "slow", Weight: Harmless},
		`{"component":"probe","text":"new","weight":"of tomorrow"}`: {Component: "probe", Text: "new",
			Weight: "of tomorrow"},
	} {
		var rec Record
		if err := json.Unmarshal([]byte(`{"seq":2,"at":0,"kind":"trouble","event":`+text+`}`), &rec); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, rec.Event); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if got := rec.Event.(Trouble).Voids(); got != (want.Weight != Harmless) {
			t.Errorf("%s: voids %v", text, got)
		}
	}
}

func TestARecordingIsNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "once"+Extension)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := Create(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(`{"seq":1,"at":0,"kind":"header","event":{"format":1}}` + "\n" +
		`{"seq":2,"at":7,"kind":"tick","event":{"late":3}}` + "\n"))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		gz.Write(lines)
		gz.Close()
		r, err := NewReader("fuzz", &b)
		if err != nil {
			t.Fatal(err) // it is sound gzip
		}
		var last Record
		for {
			rec, err := r.Next()
			if err != nil {
				return
			}
			if rec.Seq != last.Seq+1 || rec.At < last.At || rec.Event == nil {
				t.Fatalf("%+v after %+v", rec, last)
			}
			last = rec
			if _, err := rec.MarshalJSON(); err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
	})
}
