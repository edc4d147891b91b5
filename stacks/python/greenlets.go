package python

import "github.com/hangtime-dev/hangtime/stacks"

// A greenletReader tells what the greenlets do that wait: of gevent, eventlet and whoever else switches them.
type greenletReader struct {
	runtime  *cpython
	objects  *objectReader
	unwinder *unwinder
	search   *greenletSearch
	waits    *waitReader
	requests *requestReader
}

// work is what each of them does.
func (gs *greenletReader) work() []stacks.Work {
	var out []stacks.Work
	for _, at := range gs.search.all() {
		if w, waits := gs.greenletWork(at); waits {
			out = append(out, w)
		}
	}
	return out
}

// greenletWork tells what a greenlet does; false: it runs, has not begun or has ended.
func (gs *greenletReader) greenletWork(at uint64) (stacks.Work, bool) {
	frames := gs.unwinder.walk(gs.unwinder.suspended(at))
	if len(frames) == 0 {
		return stacks.Work{}, false
	}
	w := stacks.Work{Kind: "greenlet", ID: at, Frames: gs.unwinder.tell(frames), Request: gs.requests.request(frames)}
	application := false
	for _, f := range frames {
		application = application || !f.code.library
	}
	w.Idle = !application && w.Request.Path == ""
	w.Wait = gs.waits.greenletWait(frames)
	return w, true
}

// suspended is the innermost frame of a greenlet that waits; 0: it does not. Its implementation keeps a frame object
// among its first words, whatever its version is (greenlet 2 and 3: PythonState._top_frame in TGreenlet.hpp), and
// none while it runs.
func (u *unwinder) suspended(at uint64) uint64 {
	const (
		implementation = 32 // PyGreenlet.pimpl
		words          = 24
		ownFrame       = 24 // PyFrameObject.f_frame
	)
	pimpl := u.mem.word(at + implementation)
	for i := range uint64(words) {
		object := u.mem.word(pimpl + 8*i)
		if object == 0 || object&7 != 0 || u.objects.typeOf(object).name != "frame" {
			continue
		}
		if u.layout.version == 0x030a {
			return object
		}
		return u.mem.word(object + ownFrame)
	}
	return 0
}
