package python

import "github.com/hangtime-dev/hangtime/stacks"

// taskWait tells what a task waits for: the farthest function that does nothing but wait for what the one that it
// calls waits for, or else the future itself.
func (ws *waitReader) taskWait(frames []stackFrame, awaited uint64) stacks.Wait {
	best, caller := wait{Wait: stacks.Wait{FD: -1}, fut: awaited}, 0
	for i, f := range frames {
		one := ws.unwinder.matching(f, f.code.said.awaits)
		if one == nil {
			break
		}
		if one.on != "" {
			best = wait{Wait: stacks.Wait{On: one.on, FD: -1}, fut: awaited}
		}
		ws.clues.follow(f, one, &best)
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" || best.On == "executor" {
		ws.futures.waitForFuture(&best)
	}
	if best.isNamed() && best.Name == "" {
		for _, f := range frames[min(caller, len(frames)):] {
			if best.Name = ws.names.nameOf(f, best.Object); best.Name != "" || !f.code.library {
				break
			}
		}
	}
	if best.On == "" {
		return stacks.Wait{}
	}
	return best.Wait
}
