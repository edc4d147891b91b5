package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// lingers is a process that ends and does not come to its end.
func (x explainer) lingers(p *process, s standstill) Cause {
	c := Cause{Kind: CauseLeaving, Confidence: sure(s, true), Short: "leaves, and does not end",
		Sentence: "it was told to leave, or its program is over, and it does not end"}
	if st := p.stacks[s.tid]; st != nil && st.Wait != nil && st.Wait.On == "thread" {
		c.Short = "leaves, and waits for " + userWait(st)
		c.Sentence += ": it waits for " + userWait(st) + ", which nothing ends"
	}
	return c
}

// titled adds what a process that says in its title what it does has written there, as PostgreSQL's sessions do; and
// who of its siblings says that it keeps others waiting.
func (x explainer) titled(p *process, s standstill, c *Cause) {
	waits := p.saysItWaits()
	if p.title == "" || s.outside() || c.Kind != CauseUnknown && !waits && !p.awaitsStandby() {
		return // most titles only say what the process is
	}
	c.Sentence += fmt.Sprintf("; it says of itself %q", p.title)
	if c.Kind == CauseUnknown {
		c.Short = p.title
	}
	if !waits {
		return
	}
	found := false
	for _, pid := range slices.Sorted(maps.Keys(x.processes)) {
		if q := x.processes[pid]; !q.gone && q != p && strings.Contains(q.title, "idle in transaction") {
			c.Sentence += fmt.Sprintf("; pid %d says %q", q.pid, q.title)
			c.Chain = append(c.Chain, fmt.Sprintf("pid %d: %s", q.pid, q.title))
			found = true
		}
	}
	if !found && c.Kind == CauseMutex {
		c.Sentence += "; no process title says who holds it"
	}
}

// saysItWaits says whether its title says that it waits for a lock, as PostgreSQL's does ("SELECT waiting").
func (p *process) saysItWaits() bool { return strings.HasSuffix(p.title, " waiting") }

// awaitsStandby says whether its title says that its commit waits until a standby server has confirmed a place in the log,
// as PostgreSQL's does ("INSERT waiting for 0/1516798", a place being two numbers in hexadecimal).
func (p *process) awaitsStandby() bool {
	_, at, _ := strings.Cut(p.title, " waiting for ")
	file, offset, found := strings.Cut(at, "/")
	return found && isHex(file) && isHex(offset)
}

func isHex(text string) bool {
	_, err := strconv.ParseUint(text, 16, 64)
	return err == nil
}
