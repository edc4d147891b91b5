//go:build realservers

package realservers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rubyCases: puma in a cluster, unicorn, Passenger.
func rubyCases() []realCase {
	return []realCase{
		{
			name:  "puma: threads take two locks in two orders, and others come after",
			serve: puma(1, 3),
			hang: func(s *stage) {
				s.begins()
				s.send("/in", 1)
				s.send("/out", 1)
				s.wait(1200 * time.Millisecond)
				s.stick("/in", 1)
				s.stick("/out", 1)
				s.stick("/in", 1)
			}, after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "house.ru#let", silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name:  "puma: every thread waits for a queue that nobody fills",
			serve: puma(1, 3),
			hang:  sticks("/visit", 5), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "house.ru#visit",
				silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name:  "puma alone: every thread waits for an answer",
			serve: with(deafUpstream, puma(0, 3)),
			hang:  sticks("/ask", 4), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "house.ru#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}},
		},
		{
			name:  "puma: every thread of two workers waits for an answer",
			serve: with(deafUpstream, puma(2, 2)),
			hang:  sticks("/ask", 7), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: anAnswer, at: "house.ru#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}},
		},
		{
			name:  "puma: every thread waits for a row that a forgotten transaction has locked",
			serve: with(bankAccount, forgetful, puma(1, 3)),
			hang:  sticks("/withdraw", 4), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "house.ru#withdraw",
				says: []string{`UPDATE waiting`}, silent: []string{`^healthy`}},
		},
		{
			name: "puma: the second worker waits for an answer before it serves",
			serve: with(deafUpstream, func(s *stage) {
				s.begins()
				s.launchPuma(2, 2, "ruby/greeting.rb")
			}),
			hang: func(s *stage) { s.send("/ok", 6) }, after: hungLong,
			want: want{state: "hung", hung: 1,
				says:   []string{`worker 2.*(boot|not ready|hung)`, `answer|greeting|gets|read`},
				silent: []string{`^healthy`}, lag: 6 * time.Second},
		},
		{
			name:  "healthy: puma with idle connections",
			serve: puma(2, 5),
			hang:  func(s *stage) { s.keepAlive(4) }, after: 4 * time.Second,
		},
		{
			name:  "healthy: puma sends events, and polls are long",
			serve: puma(2, 5),
			hang: func(s *stage) {
				s.send("/events", 2)
				s.send("/poll", 2)
				s.load("/ok", 100*time.Millisecond)
			}, after: 8 * time.Second,
		},
		{
			name:  "unicorn: every worker waits for a lock of a file that another process has",
			serve: unicorn,
			hang:  with(locksFile("ledger"), sticks("/ledger", 4)), after: hungLong,
			want: want{state: "hung", hung: 3, kinds: aFileLock, holder: true, at: "house.ru#ledger+1",
				says: []string{`flock`, `lock`}},
		},
		{
			name:  "unicorn: two of three workers wait for an answer",
			serve: with(deafUpstream, unicorn),
			hang:  sticks("/ask", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: anAnswer, at: "house.ru#ask+1",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}},
		},
		{
			name:  "unicorn: a page waits for the end of a program that it started",
			serve: unicorn,
			hang:  sticks("/print", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "house.ru#print+1",
				says: []string{`end of a process that it started, pid \d+ \(sleep 9000\)`}},
		},
		{
			name:  "thin: its loop waits for an answer",
			serve: with(deafUpstream, thin),
			hang:  sticks("/ask", 2), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "house.ru#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`, `GET /ask`}},
		},
		{
			name:  "WEBrick: one of its threads waits for an answer",
			serve: with(deafUpstream, webrick),
			hang:  sticks("/ask", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "hotel.rb#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}, silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name:  "healthy: a page of WEBrick takes two seconds",
			serve: webrick,
			hang: func(s *stage) {
				s.load("/tea", 100*time.Millisecond)
				s.load("/ok", 100*time.Millisecond)
			}, after: 6 * time.Second,
		},
		{
			name:  "Passenger: the only process waits for an answer",
			serve: with(deafUpstream, passenger),
			hang:  sticks("/ask", 2), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "config.ru#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}},
		},
	}
}

// puma serves house.ru by so many workers with so many threads each.
func puma(workers, threads int) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.launchPuma(workers, threads)
	}
}

// launchPuma starts it; the pieces of more are added to its settings.
func (s *stage) launchPuma(workers, threads int, more ...string) {
	s.t.Helper()
	s.app("ruby/house.ru")
	s.set("WORKERS", strconv.Itoa(workers))
	s.set("THREADS", strconv.Itoa(threads))
	settings := s.conf(append([]string{"ruby/puma.rb"}, more...)...)
	s.serve("puma", "-C", settings, "house.ru")
	s.up("/ok")
	if len(more) == 0 && workers > 0 {
		s.said(s.server, "Worker "+strconv.Itoa(workers-1)+" (PID")
	}
}

func unicorn(s *stage) {
	s.t.Helper()
	s.app("ruby/house.ru")
	s.serve("unicorn", "-E", "none", "-c", s.conf("ruby/unicorn.rb"), "house.ru")
	s.up("/ok")
	s.children(3)
}

func thin(s *stage) {
	s.t.Helper()
	_, port, _ := strings.Cut(s.address(), ":")
	s.serve("thin", "-a", "127.0.0.1", "-p", port, "-e", "none", "-R", s.app("ruby/house.ru"), "start")
	s.up("/ok")
}

func webrick(s *stage) {
	s.t.Helper()
	s.serve("ruby", s.app("ruby/hotel.rb"))
	s.up("/ok")
}

// passenger has Apache start Passenger, which starts a process for the application. hangtime looks at that one.
func passenger(s *stage) {
	s.t.Helper()
	house := s.app("ruby/house.ru")
	if err := os.Rename(house, filepath.Join(s.dir, "config.ru")); err != nil {
		s.t.Fatal(err)
	}
	s.app("ruby/house.ru") // for its lines
	s.apache("event", `
LoadModule passenger_module /usr/lib/apache2/modules/mod_passenger.so
PassengerRoot /usr/lib/ruby/vendor_ruby/phusion_passenger/locations.ini
PassengerInstanceRegistryDir @DIR@
PassengerMaxPoolSize 1
PassengerMinInstances 1
PassengerUser nobody
PassengerGroup nogroup
PassengerAppRoot @DIR@
DocumentRoot @DIR@/public
PassengerEnabled on`)
	s.up("/rooms") // not /ok, which Apache serves from a file
	apps := regexp.MustCompile(`^Passenger (RubyApp|AppPreloader)`)
	s.until("Passenger has started the application", func() bool {
		for _, pid := range below(s.server.pid) {
			title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if err == nil && apps.Match(title) && len(below(pid)) == 0 {
				s.target = []string{"--pid", strconv.Itoa(pid)}
				return true
			}
		}
		return false
	})
}
