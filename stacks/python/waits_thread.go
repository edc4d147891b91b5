package python

import "github.com/hangtime-dev/hangtime/stacks"

// threadWait tells what a thread waits for by where it stands: the farthest function up its stack that does nothing
// but wait for what the one below waits for.
func (ws *waitReader) threadWait(t *threadState) stacks.Wait {
	if w, waits := ws.runtime.interpreterWait(t); waits {
		return w
	}
	best, caller := wait{}, len(t.frames)
	for i, f := range t.frames {
		caller = i
		one := ws.unwinder.matching(f, f.code.said.waits)
		if one == nil {
			break
		}
		if one.on != "" {
			best = wait{Wait: stacks.Wait{On: one.on, FD: -1}, self: t.at}
			ws.clues.follow(f, one, &best)
		}
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" {
		return ws.lockWait(t)
	}
	if best.On == "lock" && best.Owner == 0 {
		ws.findHolder(&best.Wait)
	}
	if best.isNamed() && best.Name == "" && caller < len(t.frames) {
		if best.Name = ws.names.nameOf(t.frames[caller], best.Object); best.Name == "" {
			best.Name = ws.names.nameOf(t.frames[caller], best.whole)
		}
	}
	return best.Wait
}
