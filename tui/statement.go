package tui

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// statement is the one sentence under the header: what is wrong and why, or what the fault does not do, or how the
// last trouble ended, or what is run here.
func (l banner) statement(r *report.Report, v *report.Variant, w int) string {
	as, text := says(r, v, w-2)
	return l.fit(" "+l.in(as, l.text(l.shorten(text, w-2))), w)
}

func says(r *report.Report, v *report.Variant, room int) (role, string) {
	now := until(r, v)
	if in := incidentNow(v); in != nil {
		return bad, openSentence(v, in, now, room)
	}
	if n := len(v.Incidents); n > 0 && v.To < 0 {
		if in := &v.Incidents[n-1]; in.Ended >= 0 && in.Recovered < 0 {
			return warn, fmt.Sprintf("%s #%d ended after %s and is not recovered from: not every place has a worker that makes progress", in.Kind, in.ID, words.Short(in.Ended-in.Began))
		}
	}
	if note := limited(v); note != "" && v.To < 0 {
		return warn, "the load generator is the limit, not the server: " + note
	}
	for _, f := range v.Faults {
		if f.To < 0 {
			return fault, fmt.Sprintf("%s on %s since %s; no worker hangs", f.Kind, f.Target, words.Short(now-f.From))
		}
	}
	if v.Load.Bound != "" && !stalled(v) {
		return fault, v.Load.Bound
	}
	if d := &v.Load; v.AnswersNothing() && v.To < 0 {
		return warn, fmt.Sprintf("nothing is answered: %s, the oldest since %s; no worker is known to hang so far", words.Do(int(report.Unanswered(d)), "request", "wait"), words.Short(d.Oldest))
	}
	if n := len(v.Incidents); n > 0 {
		return good, overSentence(&v.Incidents[n-1], now)
	}
	switch {
	case v.OnlyWatched():
		return dim, asked(v)
	case v.OnlyLoaded():
		return dim, loadedSentence(v)
	}
	text := v.Says
	if v.Expect != "" {
		text = "expect " + v.Expect + ": " + text
	}
	return dim, text
}

// asked says what a server is asked for, where nothing is wrong with it.
func asked(v *report.Variant) string {
	inside, oldest := 0, time.Duration(0)
	for i := range v.Workers {
		inside += v.Workers[i].Inside
		oldest = max(oldest, v.Workers[i].Oldest)
	}
	text := "no worker hangs; " + words.Count(inside, "request") + " inside"
	if oldest > 0 {
		text += ", the oldest for " + words.Seconds(oldest)
	}
	if v.Backlog > 0 {
		text += "; " + words.Do(v.Backlog, "connection", "wait") + " to be accepted"
	}
	return text
}

// incidentNow is the newest that is not recovered from; a hang before a crash.
func incidentNow(v *report.Variant) *diagnose.Incident {
	var open *diagnose.Incident
	for i := range v.Incidents {
		in := &v.Incidents[i]
		if in.Ended < 0 || (in.Kind == diagnose.KindCrash && in.Recovered < 0) {
			if open == nil || in.Kind == diagnose.KindHang || open.Kind != diagnose.KindHang {
				open = in
			}
		}
	}
	return open
}

func openSentence(v *report.Variant, in *diagnose.Incident, now time.Duration, room int) string {
	if in.Kind == diagnose.KindCrash {
		return fmt.Sprintf("CRASH #%d: %s", in.ID, in.Cause.Sentence)
	}
	still := 0
	for _, victim := range in.Victims {
		if victim.To < 0 {
			still++
		}
	}
	long := fmt.Sprintf("HANG #%d: %s for %s %s", in.ID, words.Count(still, "worker"), words.Short(in.Longest(now)),
		in.Cause.Sentence)
	if textWidth(report.Folders.ReplaceAllString(long, "…/")) > room {
		if short := fmt.Sprintf("HANG #%d: %s for %s: %s", in.ID, words.Count(still, "worker"),
			words.Short(in.Longest(now)), in.Cause.Short); in.Cause.Short != "" {
			return short
		}
	}
	return long
}

func overSentence(in *diagnose.Incident, now time.Duration) string {
	text := fmt.Sprintf("%s #%d is over", in.Kind, in.ID)
	if in.Kind == diagnose.KindHang {
		text = fmt.Sprintf("hang #%d is over: %s stood for up to %s", in.ID, words.Count(in.Places(), "worker"),
			words.Short(in.Longest(now)))
	}
	if in.Recovered >= 0 {
		from, since := in.Began, "it began"
		if in.Injected >= 0 {
			from, since = in.Injected, "the fault took effect"
		}
		text += fmt.Sprintf("; all worked again %s after %s", words.Short(in.Recovered-from), since)
	}
	return text
}
