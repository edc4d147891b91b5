package accesslog

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"time"
)

// mostSeconds bounds the seconds of a Tally: an hour.
const mostSeconds = 3600

// A Tally is what an access log comes to: its arrivals and its endpoints.
type Tally struct {
	Seconds   []uint64       // requests in each second from the first request's on; of the first hour only
	Span      time.Duration  // from the first request to the end of the last one's second
	Endpoints map[string]int // requests to each, such as "GET /users/N"
}

// Count reads an access log as Read does, and counts. A log without a request is an error.
func Count(from io.Reader) (Tally, error) {
	t := Tally{Endpoints: map[string]int{}}
	at := map[int64]uint64{} // by second since 1970
	var first, last time.Time
	_, err := Read(from, func(r Request) error {
		if first.IsZero() || r.At.Before(first) {
			first = r.At
		}
		if r.At.After(last) {
			last = r.At
		}
		at[r.At.Unix()]++
		bare, _, _ := strings.Cut(r.Path, "?")
		t.Endpoints[r.Method+" "+numbers.ReplaceAllString(bare, "/N")]++
		return nil
	})
	if err != nil {
		return Tally{}, err
	}
	if len(t.Endpoints) == 0 {
		return Tally{}, errors.New("there is no request in it")
	}
	for s := first.Unix(); s <= last.Unix() && len(t.Seconds) < mostSeconds; s++ {
		t.Seconds = append(t.Seconds, at[s])
	}
	t.Span = last.Sub(first) + time.Second
	return t, nil
}

// numbers are parts of a path that name one thing of many.
var numbers = regexp.MustCompile(`/[0-9]+(?:-[0-9a-f-]+)?\b|/[0-9a-f]{8}-[0-9a-f-]{27}`)
