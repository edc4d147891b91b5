package report

import (
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

var seeds = flag.Int("histories", 300, "how many histories TestNoHistoryIsTooBad makes")

// Whatever a recording holds, in whatever order, it is folded and told without a panic: anybody may have written it.
func TestNoHistoryIsTooBad(t *testing.T) {
	for seed := range uint64(*seeds) {
		foldAndTell(anyHistory(rand.New(rand.NewPCG(20261128, seed))))
	}
}

func FuzzHistory(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(_ *testing.T, a, b uint64) { foldAndTell(anyHistory(rand.New(rand.NewPCG(a, b)))) })
}

// foldAndTell folds a history as a replay does, and writes every form of the report.
func foldAndTell(records []history.Record) {
	live := NewLive(nil)
	_ = live.Sink(records) // folds have no errors
	r := live.Last()
	for _, form := range Forms() {
		_ = form.Write(r, io.Discard) // what cannot be told is an error, not a panic
	}
	_, _ = r.Observed("", 0, "x")
}

// anyHistory is events of every type, some missing, some again and again, most of them within a variant.
func anyHistory(r *rand.Rand) []history.Record {
	all := history.All()
	var records []history.Record
	at := time.Duration(0)
	add := func(ev history.Event) {
		at += time.Duration(r.Int64N(int64(2 * time.Second)))
		one := history.Record{Seq: uint64(len(records) + 1), At: at, Event: ev}
		if one.Sound() == nil { // else no reader gives it
			records = append(records, one)
		}
	}
	if r.IntN(4) > 0 {
		add(history.Header{Format: history.Format, Scenario: "s", Text: oddText(r)})
	}
	if r.IntN(4) > 0 {
		add(history.VariantStarted{Name: "v", Index: r.IntN(3) - 1})
		for _, phase := range []string{history.Starting, history.Before, history.During} {
			if r.IntN(3) > 0 {
				add(history.PhaseStarted{Phase: phase})
			}
		}
	}
	for range 1 + r.IntN(60) {
		ev := anyEvent(r, all[r.IntN(len(all))].Event)
		for range 1 + r.IntN(3) {
			add(ev)
		}
	}
	return records
}

// anyEvent is one of the same type as an example, with values that a program might not expect.
func anyEvent(r *rand.Rand, example history.Event) history.Event {
	v := reflect.New(reflect.TypeOf(example)).Elem()
	if r.IntN(4) > 0 {
		fill(r, v, 0)
	}
	return v.Interface().(history.Event)
}

// fill gives a value and all in it odd contents, to a depth.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	if depth > 6 || r.IntN(5) == 0 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		odd := []int64{0, 1, 2, 3, -1, 7, 100, 1000, int64(time.Second), int64(5 * time.Second), math.MaxInt64, math.MinInt64}
		v.SetInt(odd[r.IntN(len(odd))])
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		odd := []uint64{0, 1, 2, 3, 7, 100, 1 << 32, math.MaxUint64}
		v.SetUint(odd[r.IntN(len(odd))])
	case reflect.Float32, reflect.Float64:
		odd := []float64{0, 1, -1, 0.5, math.MaxFloat64, 1e-300}
		v.SetFloat(odd[r.IntN(len(odd))])
	case reflect.String:
		v.SetString(oddText(r))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		for i := range v.Len() {
			fill(r, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(3) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, key, depth+1)
			fill(r, value, depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i), depth+1)
		}
	}
}

func oddText(r *rand.Rand) string {
	odd := []string{"", "x", "before", "during", "after", "\x1b[31m", "v", "kill", "stop", "200", "a/1", "idle", "hang", "../../x", "\xff", "flock",
		"HISTFAAAAB", "R", "S", "T", "person", "/var/log/a.log"}
	return odd[r.IntN(len(odd))]
}
