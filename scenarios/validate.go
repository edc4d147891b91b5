package scenarios

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Default is what a scenario is before its file is read.
func Default() Scenario {
	return Scenario{
		HangAfter: 10 * time.Second,
		Server:    Server{Kind: Reference, WorkerSettings: WorkerSettings{Workers: 4, Timeout: 30 * time.Second}},
		Load:      Load{Rate: 100, Shape: "constant", Senders: 1024, Timeout: 30 * time.Second},
		Phases:    Phases{Before: 5 * time.Second, During: 10 * time.Second, After: 10 * time.Second},
	}
}

// longest bounds a variant: a scenario is an experiment, not a soak.
const longest = time.Hour

// Validate returns everything that is wrong with the values of s, with the key each stands at.
func Validate(s Scenario) []*Problem {
	v := &validation{}
	v.tags(reflect.ValueOf(s), "")
	if s.HangAfter != 0 && s.HangAfter < time.Second {
		v.add("hang_after", "must be at least 1s",
			"work that is younger is not looked at closely enough to say that it hangs")
	}
	v.phases(s.Phases, len(s.Faults) > 0)
	v.ownServer(s.Server)
	v.load(s.Load)
	for i, f := range s.Faults {
		v.fault(fmt.Sprintf("faults[%d]", i), f, s)
	}
	for i, r := range s.Reports {
		if u, err := url.Parse(r); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			v.add(fmt.Sprintf("reports[%d]", i), fmt.Sprintf("%q is no address of a page", r),
				"such as https://github.com/benoitc/gunicorn/issues/1801")
		}
	}
	v.checks("checks", s.Checks, s)
	v.variants(s)
	return v.problems
}

// tags judges what the tags of the fields say (required, minimum, maximum, pattern) and their choices,
// so that an editor with the schema and this command agree.
func (v *validation) tags(value reflect.Value, key string) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			v.tags(value.Elem(), key)
		}
	case reflect.Slice:
		for i := range value.Len() {
			v.tags(value.Index(i), fmt.Sprintf("%s[%d]", key, i))
		}
	case reflect.Struct:
		for _, field := range fields(value.Type()) {
			at, held := join(key, yamlName(field)), value.FieldByIndex(field.Index)
			v.tag(held, field, at)
			v.tags(held, at)
		}
	}
}

func (v *validation) tag(value reflect.Value, field reflect.StructField, key string) {
	tag, enum := field.Tag.Get("jsonschema"), choices(field)
	for part := range strings.SplitSeq(tag, ",") {
		name, limit, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			if value.IsZero() {
				v.add(key, "is missing", example(key, enum))
				return
			}
		case "pattern":
			if !regexp.MustCompile(limit).MatchString(value.String()) {
				v.add(key, fmt.Sprintf("%q", value.String()),
					"want lower case letters, digits and hyphens, such as my-scenario")
			}
		}
	}
	if least, most, ok := limits(field); ok && !value.IsZero() { // 0 is "not set"
		if n, is := numberOf(value); is && !(n >= least && n <= most) {
			v.add(key, fmt.Sprintf("%v is out of range", value.Interface()), wantLimits(field))
		}
	}
	if d, ok := value.Interface().(time.Duration); ok && d > longestTime && !strings.HasPrefix(key, "phases.") &&
		!strings.HasPrefix(key, "faults[") {
		v.add(key, fmt.Sprintf("%v is out of range", d), fmt.Sprintf("want at most %v", longestTime))
	}
	if d, ok := value.Interface().(time.Duration); ok && d < 0 && !strings.HasPrefix(key, "phases.") &&
		(!strings.HasPrefix(key, "faults[") || strings.Contains(key, ".request.")) && key != "load.timeout" {
		v.add(key, fmt.Sprintf("%v is negative", d), "want a duration such as 10s")
	}
	if len(enum) > 0 && value.Kind() == reflect.String && value.String() != "" && !slices.Contains(enum, value.String()) {
		v.add(key, fmt.Sprintf("%q is not known here", value.String()), unknownHint(value.String(), enum)+
			optional(value.String(), enum))
	}
}

// numberOf is a value as a number, where it is one.
func numberOf(value reflect.Value) (float64, bool) {
	switch {
	case value.CanInt():
		return float64(value.Int()), true
	case value.CanFloat():
		return value.Float(), true
	}
	return 0, false
}

// example says what a missing key could be.
func example(key string, enum []string) string {
	if len(enum) > 0 {
		return "want one of " + strings.Join(enum, ", ")
	}
	last := key[strings.LastIndexByte(key, '.')+1:]
	return "such as " + map[string]string{"name": "name: my-scenario", "path": "path: /task", "rate": "rate: 50/s",
		"that": "that: p99 < 500"}[last]
}

// optional adds the allowed values where the hint only guessed one.
func optional(word string, enum []string) string {
	if nearest(word, enum) == "" {
		return ""
	}
	return " (one of " + strings.Join(enum, ", ") + ")"
}

func (v *validation) phases(p Phases, harm bool) {
	for _, one := range []struct {
		key string
		d   time.Duration
	}{{"phases.before", p.Before}, {"phases.during", p.During}, {"phases.after", p.After}} {
		switch {
		case one.d < 0:
			v.add(one.key, fmt.Sprintf("%v is negative", one.d), "want a duration such as 10s")
		case one.d > longest: // and the sum may overflow
			v.add(one.key, fmt.Sprintf("%v is out of range", one.d), fmt.Sprintf("want at most %v", longest))
			return
		}
	}
	if p.Before <= 0 || p.During <= 0 && harm {
		v.add("phases", "before and during must last", "without a time before the fault there is nothing to compare with")
	}
	if p.Total() > longest {
		v.add("phases", fmt.Sprintf("together %v", p.Total()), fmt.Sprintf("want at most %v", longest))
	}
}

func (v *validation) variants(s Scenario) {
	all := s.Variants
	if len(all) == 0 {
		v.add("variants", "there is none", "want at least one, such as - {name: plain, expect: healthy}")
	}
	seen := map[string]bool{}
	for i, one := range all {
		at := fmt.Sprintf("variants[%d]", i)
		if seen[one.Name] {
			v.add(at+".name", fmt.Sprintf("%q stands twice", one.Name), "want another name")
		}
		seen[one.Name] = true
		if one.Cause != "" && !slices.Contains(Causes(), one.Cause) {
			v.add(at+".cause", fmt.Sprintf("no cause is called %q", one.Cause), unknownHint(one.Cause, Causes())+
				optional(one.Cause, Causes()))
		}
		if one.Cause != "" && (one.Expect == Healthy || one.Expect == Any) {
			v.add(at+".cause", "has no meaning beside expect: "+string(one.Expect),
				"it is that of an expected hang or crash; a check can ask incidents_of(…)")
		}
		if text, ok := onlyNoticed(one.Cause); ok {
			v.add(at+".cause", text, "want another cause, or none")
		}
		if one.Name != "" && !fileName(one.Name) {
			v.add(at+".name", fmt.Sprintf("%q", one.Name),
				fmt.Sprintf("want a plain word of at most %d bytes: it becomes part of file names", mostName))
		}
		v.checks(at+".checks", one.Checks, s)
	}
}

func (v *validation) checks(key string, all []Check, s Scenario) {
	for i, c := range all {
		at := fmt.Sprintf("%s[%d]", key, i)
		if c.Grace != 0 && !c.Abort {
			v.add(at+".grace", "has no meaning without abort: true",
				"it is how long the check may fail to hold before the run is ended")
		}
		if c.That == "" {
			continue // told by its tag
		}
		compiled, err := c.Compile()
		if err != nil {
			v.add(at+".that", err.Error(), "")
		}
		for _, m := range compiled.Uses {
			if m.Tag != "" && !slices.ContainsFunc(s.Load.targets(), func(t Target) bool { return t.Tag == m.Tag }) {
				v.add(at+".that", fmt.Sprintf("no target has the tag %q of %s", m.Tag, m.Key),
					"a tag is given as load.targets[0].tag")
			}
		}
	}
}
