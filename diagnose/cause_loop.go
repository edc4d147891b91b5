package diagnose

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/words"
)

// notRun is tasks that are taken and that nothing runs.
func notRun(p *process) Cause {
	c := Cause{Kind: CauseDeadLoop, Confidence: Guess, Short: "tasks taken, none runs"}
	c.Sentence = fmt.Sprintf("it answers requests and has %s open of which none ends", words.Count(p.open, "task"))
	loop := false
	for _, t := range p.threads {
		loop = loop || p.roleOf(t.ThreadSample) == loopThread
	}
	turns := p.beatAt >= 0 && p.beat.Turns > 0
	switch {
	case turns && loop:
		c.Confidence = Likely
		c.Sentence += "; its loop thread lives and does not turn"
	case turns:
		c.Confidence = Likely
		c.Sentence += fmt.Sprintf("; its loop has not turned since turn %d", p.beat.Turns)
	default:
		c.Sentence += " since it was born: nothing runs its loop"
	}
	if turns && !loop && len(p.threads) > 0 {
		c.Confidence = Proven
		c.Sentence += ", and it has no thread that is a loop"
	}
	return c
}
