package loadgen

import (
	"bufio"
	"io"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// A rawWriter writes each hit as vegeta does, so that `vegeta report`, `plot` and `encode` read it. A hit's timestamp is the moment at which it was due and its
// latency the response time from there: vegeta's own percentiles over the file are then true also where hits had to wait for a sender.
type rawWriter struct {
	job    *job
	out    *bufio.Writer
	encode vegeta.Encoder
	start  time.Time // wall clock where the run's clock is 0
	err    error     // the first that went wrong; nothing is written after it
}

func newRawWriter(to io.Writer, j *job) *rawWriter {
	out := bufio.NewWriterSize(to, 1<<16)
	now := time.Now()
	return &rawWriter{job: j, out: out, encode: vegeta.NewEncoder(out), start: now.Add(-j.rec.Since(now)).Round(0)}
}

// add is called by the account for every hit, in the order in which they ended. A nil writer does nothing.
func (w *rawWriter) add(o *outcome) {
	if w == nil || w.err != nil {
		return
	}
	t := &w.job.targets[o.target]
	r := vegeta.Result{
		Attack: "hangtime", Seq: o.seq, Code: o.status, Timestamp: w.start.Add(o.due), Latency: o.end - o.due,
		BytesIn: o.bytesIn, BytesOut: o.bytesOut, Method: t.method, URL: t.url,
	}
	switch {
	case o.class == classStatus:
		r.Error = statusText(o.status) + " " + http.StatusText(int(o.status))
	case o.class != classOK:
		// The class and not the text: an error's text has ports in it, and vegeta keeps every different one.
		r.Code, r.Error = 0, o.class.name()
	}
	w.err = w.encode(&r)
}

func (w *rawWriter) close() error {
	if w == nil {
		return nil
	}
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}
