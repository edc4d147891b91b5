package report

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// Bounds of what is kept of an access log, which may be of any length.
const (
	mostLoggedSeconds   = 3600   // of its arrivals, from the first
	mostDistinctSeconds = 200000 // while it is read: two days and more, for a log need not be in order
	mostPaths           = 20000  // distinct endpoints while it is read; the rest are put under otherPaths
	mostEndpoints       = 20     // that become targets; the rest are put under the last
)

// otherPaths is the endpoint of all requests beyond mostPaths.
const otherPaths = "GET /…"

// Requests are those of an access log, by second and by endpoint. Add takes them in any order; one goroutine owns it.
type Requests struct {
	endpoints   map[string]int
	at          map[int64]uint64
	first, last time.Time
}

// NewRequests are none.
func NewRequests() *Requests {
	return &Requests{endpoints: map[string]int{}, at: map[int64]uint64{}}
}

// Empty says whether there is none.
func (r *Requests) Empty() bool { return len(r.endpoints) == 0 }

// Add takes a request; path may have a query.
func (r *Requests) Add(at time.Time, method, path string) {
	if r.first.IsZero() || at.Before(r.first) {
		r.first = at
	}
	if at.After(r.last) {
		r.last = at
	}
	if second := at.Unix(); len(r.at) < mostDistinctSeconds || r.at[second] > 0 {
		r.at[second]++
	}
	bare, _, _ := strings.Cut(path, "?")
	endpoint := method + " " + oneOfMany.ReplaceAllString(bare, "/N")
	if len(r.endpoints) >= mostPaths && r.endpoints[endpoint] == 0 {
		endpoint = otherPaths
	}
	r.endpoints[endpoint]++
}

// oneOfMany are parts of a path that name one thing of many: a number, a date, a UUID.
var oneOfMany = regexp.MustCompile(`/[0-9]+(?:-[0-9a-f-]+)?\b|/[0-9a-f]{8}-[0-9a-f-]{27}`)

// Load is the requests as a load of the reference server: their arrivals, and for each endpoint a task with its share.
// Span is how long they went on.
func (r *Requests) Load() (load scenarios.Load, span time.Duration) {
	if len(r.endpoints) == 0 {
		return scenarios.Load{}, 0
	}
	arrivals := Arrivals{Step: time.Second}
	for s := r.first.Unix(); s <= r.last.Unix() && len(arrivals.Counts) < mostLoggedSeconds; s++ {
		arrivals.Counts = append(arrivals.Counts, r.at[s])
	}
	load = arrivals.Load()
	load.Targets = r.targets()
	return load, r.last.Sub(r.first) + time.Second
}

func (r *Requests) targets() []scenarios.Target {
	names := slices.SortedFunc(maps.Keys(r.endpoints), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.endpoints[b], r.endpoints[a]), cmp.Compare(a, b))
	})
	var targets []scenarios.Target
	for i, name := range names {
		if i >= mostEndpoints {
			targets[mostEndpoints-1].Weight += r.endpoints[name]
			targets[mostEndpoints-1].Tag = strconv.Itoa(len(names)-mostEndpoints+1) + " others"
			continue
		}
		targets = append(targets, scenarios.Target{
			Tag: name, Method: "POST", Path: "/task", Header: map[string]string{"Content-Type": "application/json"},
			Body: `{"work":"sleep","duration":"20ms"}`, Expect: []int{202}, Weight: r.endpoints[name],
		})
	}
	return targets
}

// SendAgain is a scenario that sends the requests of an access log to a server of one's own as they came. log is its
// absolute path, title what it says of itself.
func (r *Requests) SendAgain(name, title, url, log string) (scenarios.Scenario, []string) {
	load, span := r.Load()
	length := max(min(span, time.Hour-time.Minute).Round(time.Second), 2*time.Second)
	s := scenarios.Default()
	s.Name, s.Title = name, title
	s.Server.Kind, s.Server.URL = scenarios.URL, url
	s.Load.Shape, s.Load.Log, s.Load.Rate, s.Load.Targets = "replay", log, load.Rate, nil
	s.Phases = scenarios.Phases{Before: length / 2, During: length - length/2}
	s.Variants = []scenarios.Variant{{Name: "again", Says: "the same requests at the same moments", Expect: scenarios.Any}}
	return s, []string{"The requests are sent as they came; `speed: 10` under load sends them ten times as fast."}
}

// assumedHarm is how long the harm lasts of which only the cause is known.
const assumedHarm = 5 * time.Second

// Assumed is an incident that nobody saw: the arrivals are the requests', the cause is somebody's word.
func (r *Requests) Assumed(cause, source string) (Seen, error) {
	kind := broughtAbout(cause)
	if kind == "" {
		return Seen{}, fmt.Errorf("no built-in scenario brings that about; want one of %s",
			strings.Join(scenarios.CausesBroughtAbout(), ", "))
	}
	load, span := r.Load()
	said := fmt.Sprintf("a %s with cause %s, as the command line says", kind, cause)
	return Seen{Source: source, Kind: string(kind), Cause: cause, Said: said, Lasted: assumedHarm, Load: load,
		Assumed: true, Span: span}, nil
}

// broughtAbout says what the built-in scenarios know to do with a cause: a hang, else a crash, else nothing.
func broughtAbout(cause string) scenarios.Expect {
	for _, kind := range []scenarios.Expect{scenarios.Hang, scenarios.Crash} {
		if _, ok := scenarios.Recipe(kind, cause); ok {
			return kind
		}
	}
	return ""
}
