package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// An Answer is filled by a handler and then appended to the bytes that go out.
type Answer struct {
	Status      int
	ContentType string
	RetryAfter  int           // seconds; 0: no such header
	Allow       string        // methods, with status 405
	Body        []byte        // kept between answers, so that it need not grow again
	Later       time.Duration // it goes out only after so long
	Stream      bool          // and until then events do
	Promise     *Promise      // it is not known yet, and will be when this is kept; nil: it is
	Fill        func(*Answer) // makes it whole then
}

// Reset makes it an empty 200.
func (a *Answer) Reset() { *a = Answer{Status: 200, ContentType: "application/json", Body: a.Body[:0]} }

// JSON makes v the body.
func (a *Answer) JSON(status int, v any) {
	a.Status = status
	body, err := json.Marshal(v)
	if err != nil {
		a.Fail(500, "encode the answer: "+err.Error())
		return
	}
	a.Body = append(append(a.Body[:0], body...), '\n')
}

// Fail says what is wrong.
func (a *Answer) Fail(status int, reason string) {
	a.JSON(status, map[string]string{"error": reason})
}

// Append appends the answer as it goes over the wire; close says that the connection ends with it, head that the body
// is not wanted.
func (a *Answer) Append(to []byte, close, head bool) []byte {
	to = append(to, "HTTP/1.1 "...)
	to = strconv.AppendInt(to, int64(a.Status), 10)
	to = append(to, ' ')
	to = append(to, http.StatusText(a.Status)...)
	to = append(to, "\r\nContent-Type: "...)
	to = append(to, a.ContentType...)
	to = append(to, "\r\nContent-Length: "...)
	to = strconv.AppendInt(to, int64(len(a.Body)), 10)
	if a.RetryAfter > 0 {
		to = append(to, "\r\nRetry-After: "...)
		to = strconv.AppendInt(to, int64(a.RetryAfter), 10)
	}
	if a.Allow != "" {
		to = append(to, "\r\nAllow: "...)
		to = append(to, a.Allow...)
	}
	if close {
		to = append(to, "\r\nConnection: close"...)
	}
	to = append(to, "\r\n\r\n"...)
	if head {
		return to
	}
	return append(to, a.Body...)
}
