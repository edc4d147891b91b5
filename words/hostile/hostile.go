// Package hostile fills values with text that attacks whoever shows it, for tests: every string of a report may come
// from a file name, a command line or a log.
package hostile

import (
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"
)

// mark is what a forged line begins with.
const mark = "FORGED"

// Text sets a terminal's title, turns the direction of reading round, clears the screen, begins a line of its own,
// deletes, and is no UTF-8 at its end.
const Text = "\x1b]0;owned\a\u202e\u009b2J\x1b[31m\r\n" + mark + "\u2028\x7f\xff"

// Filled is a copy of a value with Text appended to every string that it leads to, keys of maps included. With words,
// also to the single words by which programs tell kinds apart.
func Filled[T any](of T, words bool) T {
	v := reflect.ValueOf(&of).Elem()
	fill(v, words)
	return of
}

var word = regexp.MustCompile(`^[a-z_-]*$`)

// fill changes what can be set, and makes what is shared anew before it does.
func fill(v reflect.Value, words bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			v.Set(own)
			fill(v.Elem(), words)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), words)
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			v.Set(own)
		}
		fillAll(v, words)
	case reflect.Array:
		fillAll(v, words)
	case reflect.Map:
		fillMap(v, words)
	case reflect.String:
		if words || !word.MatchString(v.String()) {
			v.SetString(v.String() + Text)
		}
	}
}

func fillAll(v reflect.Value, words bool) {
	for i := range v.Len() {
		fill(v.Index(i), words)
	}
}

func fillMap(v reflect.Value, words bool) {
	if v.IsNil() {
		return
	}
	own := reflect.MakeMap(v.Type())
	for entries := v.MapRange(); entries.Next(); {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.Set(entries.Key())
		value.Set(entries.Value())
		fill(key, words)
		fill(value, words)
		own.SetMapIndex(key, value)
	}
	v.Set(own)
}

// Found names what of Text is in what was drawn or written, raw; empty: nothing.
func Found(shown string) string {
	for _, raw := range []struct{ text, name string }{
		{"\x1b]", "an escape sequence"}, {"\x1b[31m\r", "a colour"}, {"\a", "a bell"}, {"\u202e", "a turned direction"},
		{"\u009b", "a C1 control"}, {"\r", "a carriage return"},
		{"\n" + mark, "a forged line"}, {"\u2028", "a separator of lines"}, {"\x7f", "a DEL"},
	} {
		if at := strings.Index(shown, raw.text); at >= 0 {
			return raw.name + " in " + shown[max(at-60, 0):min(at+20, len(shown))]
		}
	}
	if !utf8.ValidString(shown) {
		return "broken UTF-8"
	}
	return ""
}
