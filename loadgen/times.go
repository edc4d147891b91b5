package loadgen

import (
	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// times are the histograms that a hit is counted in.
type times struct{ response, failed, service, wait, connect, first, body *hdr.Histogram }

func newTimes() times {
	p := hdr.NewPacker()
	one := func() *hdr.Histogram { return hdr.NewHistogram(p) }
	return times{response: one(), failed: one(), service: one(), wait: one(), connect: one(), first: one(), body: one()}
}

// add counts one hit.
func (t *times) add(o *hit.Outcome) {
	if o.Class == hit.ClassOK {
		t.response.Add(o.End - o.Due)
	} else {
		t.failed.Add(o.End - o.Due)
	}
	if !o.WasSent() {
		return
	}
	t.service.Add(o.End - o.Sent)
	t.wait.Add(o.Sent - o.Due)
	if o.Connect > 0 {
		t.connect.Add(o.Connect)
	}
	if o.First > 0 {
		t.first.Add(o.First - o.Connect)
		t.body.Add(o.End - o.Sent - o.First)
	}
}
