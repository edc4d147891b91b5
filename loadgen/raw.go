package loadgen

import (
	"bufio"
	"io"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// A rawWriter writes each hit as vegeta does, so that `vegeta report`, `plot` and `encode` read it. A hit's timestamp
// is the moment at which it was due and its latency the response time from there: vegeta's own percentiles over the
// file are then true also where hits had to wait for a sender.
type rawWriter struct {
	job    *hit.Job
	out    *bufio.Writer
	encode vegeta.Encoder
	start  time.Time // wall clock where the run's clock is 0
	err    error     // the first that went wrong; nothing is written after it
}

func newRawWriter(to io.Writer, j *hit.Job) *rawWriter {
	out := bufio.NewWriterSize(to, 1<<16)
	now := time.Now()
	return &rawWriter{job: j, out: out, encode: vegeta.NewEncoder(out), start: now.Add(-j.Rec.Since(now)).Round(0)}
}

// add is called by the account for every hit, in the order in which they ended. A nil writer does nothing.
func (w *rawWriter) add(o *hit.Outcome) {
	if w == nil || w.err != nil {
		return
	}
	t := &w.job.Targets[o.Target]
	r := vegeta.Result{
		Attack: "hangtime", Seq: o.Seq, Code: o.Status, Timestamp: w.start.Add(o.Due), Latency: o.End - o.Due,
		BytesIn: o.BytesIn, BytesOut: o.BytesOut, Method: t.Method, URL: t.URL,
	}
	switch {
	case o.Class == hit.ClassStatus:
		r.Error = statusText(o.Status) + " " + http.StatusText(int(o.Status))
	case o.Class != hit.ClassOK:
		// The class and not the text: an error's text has ports in it, and vegeta keeps every different one.
		r.Code, r.Error = 0, o.Class.Name()
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

// statusText is a status in three digits.
func statusText(status uint16) string {
	return string([]byte{'0' + byte(status/100%10), '0' + byte(status/10%10), '0' + byte(status%10)})
}
