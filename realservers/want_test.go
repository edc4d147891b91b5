//go:build realservers

package realservers

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A want is what must be said of a case. Its zero is health: no finding, exit code 0.
type want struct {
	state   string        // of those that hang: "hung" or "stopped"; empty: none hangs
	hung    int           // how many workers; 0: at least one
	kinds   []string      // the cause is one of these; nil: it is not checked
	at      string        // "stock.py#reserve": the line of that file of testdata that is marked `hang: reserve` is named
	says    []string      // regular expressions that the text for people matches; pattern says what ${…} in them is
	silent  []string      // those that it does not match
	cycle   bool          // it is said that they wait for each other
	holder  bool          // the process that stage.holder says is named as the holder
	lag     time.Duration // how long after its request a hang may begin, by what the application does before; 1.5 s are added
	unknown bool          // it is said that nobody can tell whether it works, and exit code 3
	free    bool          // it may be called a hang or not, but the words must be there: nobody can know from outside what is meant
}

// What a measured moment and a told one may differ by: the kernel counts ages of connections in ticks, and a handler
// takes a moment to come to its line on a busy machine.
const (
	early = 400 * time.Millisecond
	late  = 1500 * time.Millisecond
)

func (w want) check(s *stage, d told) {
	s.t.Helper()
	w.checkExit(s, d)
	w.checkWords(s, d)
	hung := d.hung()
	switch {
	case w.free:
		return
	case w.unknown:
		if len(hung) > 0 || d.Healthy || len(d.Workers) != 1 || d.Workers[0].State != "unknown" {
			s.t.Errorf("diagnose says more of it than can be seen")
		}
		return
	case w.state == "":
		if len(hung) > 0 || !d.Healthy || len(d.Incidents) > 0 {
			s.t.Errorf("diagnose finds a hang or a death where all is well")
		}
		return
	case len(hung) == 0:
		s.t.Errorf("diagnose finds no hang, want one: %s %s", w.state, strings.Join(w.kinds, " or "))
		return
	case w.hung > 0 && len(hung) != w.hung:
		s.t.Errorf("%d workers hang, want %d", len(hung), w.hung)
	}
	for _, pid := range slices.Sorted(maps.Keys(hung)) {
		w.checkWorker(s, d, hung[pid])
	}
}

func (w want) checkExit(s *stage, d told) {
	s.t.Helper()
	allowed := []int{0}
	switch {
	case w.free:
		allowed = []int{0, 1, 3}
	case w.unknown:
		allowed = []int{3}
	case w.state != "":
		allowed = []int{1}
	}
	if !slices.Contains(allowed, d.code) || !slices.Contains(allowed, d.textCode) {
		s.t.Errorf("exit codes %d and %d, want %v", d.code, d.textCode, allowed)
	}
}

func (w want) checkWords(s *stage, d told) {
	s.t.Helper()
	silent := w.silent
	if w.state == "" && !w.free {
		silent = append([]string{"HUNG", "hung"}, silent...)
	}
	for _, pattern := range w.says {
		if re := regexp.MustCompile(s.pattern(pattern)); !re.MatchString(d.text) {
			s.t.Errorf("the text does not say %q", re)
		}
	}
	for _, pattern := range silent {
		if re := regexp.MustCompile("(?m)" + s.pattern(pattern)); re.MatchString(d.text) {
			s.t.Errorf("the text says %q", re)
		}
	}
	if w.at != "" {
		if line := s.line(w.at); !namesLine(d.text, line) {
			s.t.Errorf("the text does not name %s, the line of %s", line, w.at)
		}
	}
}

func (w want) checkWorker(s *stage, d told, one workerJSON) {
	s.t.Helper()
	wrong := func(format string, args ...any) {
		s.t.Helper()
		s.t.Errorf("worker with pid %d: %s", one.PID, fmt.Sprintf(format, args...))
	}
	if one.State != w.state {
		wrong("state %s, want %s", one.State, w.state)
	}
	if since := d.Time.Add(-time.Duration(one.For * float64(time.Second))); !w.dates(s, since, one.AtLeast) {
		wrong("hangs since %s", s.moments(since, w))
	}
	if one.Cause == nil {
		wrong("no cause")
		return
	}
	if w.kinds != nil && !slices.Contains(w.kinds, one.Cause.Kind) {
		wrong("cause %s, want %s", one.Cause.Kind, strings.Join(w.kinds, " or "))
	}
	if w.at != "" && !namesLine(one.Cause.code(), s.line(w.at)) {
		wrong("the cause does not name %s, the line of %s", s.line(w.at), w.at)
	}
	if w.cycle && !one.Cause.Cycle {
		wrong("the cause does not say that they wait for each other")
	}
	if w.holder && !slices.ContainsFunc(one.Cause.Holders, func(h struct {
		PID int `json:"pid"`
	}) bool {
		return h.PID == s.holder
	}) {
		wrong("holders are %v, want pid %d", one.Cause.Holders, s.holder)
	}
}

// checkWatch compares what a watch said with what a look at the same server said, and its times with the measured moment.
func (w want) checkWatch(s *stage, d told, got watched) {
	s.t.Helper()
	code := 0
	if w.state != "" {
		code = 1
	}
	switch {
	case w.free:
		return
	case got.code != code:
		s.t.Errorf("watch %s: exit code %d, want %d", got.name, got.code, code)
	}
	if w.state == "" && got.death {
		s.t.Errorf("watch %s calls an end a death where all is well", got.name)
	}
	if w.state == "" {
		return
	}
	hung := d.hung()
	pids := map[int]bool{}
	for pid := range hung {
		pids[pid] = true
	}
	for pid := range got.kinds {
		pids[pid] = true
	}
	for _, pid := range slices.Sorted(maps.Keys(pids)) {
		kind := ""
		if c := hung[pid].Cause; c != nil {
			kind = c.Kind
		}
		if kind != got.kinds[pid] {
			s.t.Errorf("watch %s says of pid %d %q, diagnose %q", got.name, pid, got.kinds[pid], kind)
		}
		if since, is := got.since[pid]; is && !w.dates(s, since, hung[pid].AtLeast) {
			s.t.Errorf("watch %s: pid %d hangs since %s", got.name, pid, s.moments(since, w))
		}
	}
}

// dates says whether a hang that is said to have begun at a moment, or at the latest then, may have.
func (w want) dates(s *stage, since time.Time, atLeast bool) bool {
	if s.first.IsZero() {
		s.t.Error("the case does not say when its hang begins")
	}
	return !since.Before(s.first.Add(-early)) && (atLeast || !since.After(s.last.Add(w.lag+late)))
}

func (s *stage) moments(since time.Time, w want) string {
	return fmt.Sprintf("%.1f s after its first request, want %.1f to %.1f", since.Sub(s.first).Seconds(),
		-early.Seconds(), (s.last.Sub(s.first) + w.lag + late).Seconds())
}

// pattern replaces in a regular expression ${NAME} by what the case has in its environment, and ${stock.py#reserve}
// by the place of that mark.
func (s *stage) pattern(text string) string {
	return os.Expand(text, func(name string) string {
		if strings.Contains(name, "#") {
			return regexp.QuoteMeta(s.line(name)) + `\b`
		}
		return regexp.QuoteMeta(s.value(name))
	})
}

// line is the place of a mark: "stock.py:12" for "stock.py#reserve"; "stock.py#reserve+1" is the line after it, for a
// server that reads an application with a line of its own before it (unicorn's config.ru), in the words of its own
// backtraces.
func (s *stage) line(mark string) string {
	s.t.Helper()
	name, hang, _ := strings.Cut(mark, "#")
	hang, more, _ := strings.Cut(hang, "+")
	after, _ := strconv.Atoi(more)
	f, err := os.Open(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		n++
		if _, found, is := strings.Cut(lines.Text(), "hang: "); is && strings.TrimRight(found, " */") == hang {
			return fmt.Sprintf("%s:%d", name, n+after)
		}
	}
	s.t.Fatalf("%s has no line with the mark %q", name, "hang: "+hang)
	return ""
}

func namesLine(text, line string) bool {
	return regexp.MustCompile(regexp.QuoteMeta(line) + `(\D|$)`).MatchString(text)
}
