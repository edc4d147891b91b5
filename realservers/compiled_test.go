//go:build realservers

package realservers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// compiledCases: Go, the JVM, Rust, and Perl.
func compiledCases() []realCase {
	return []realCase{
		{
			name:  "Go: handlers wait for a mutex that one keeps while it waits for an answer",
			serve: with(deafUpstream, depot),
			hang:  with(sticks("/audit", 1), sticks("/inventory", 6)), after: hungLong,
			want: want{state: "hung", hung: 1, at: "main.go#inventory", silent: []string{`^healthy`},
				says: []string{`1 older request waits for a socket in main\.\S+ \(.*main\.go:\d+\), and may have it`}},
		},
		{
			name:  "Go: handlers wait for a place in a channel that is full",
			serve: with(depot, func(s *stage) { s.up("/enter"); s.up("/enter") }),
			hang:  sticks("/enter", 5), after: hungLong,
			want: want{state: "hung", hung: 1, at: "main.go#enter", silent: []string{`^healthy`}},
		},
		{
			name:  "Go: a handler computes and does not end",
			serve: depot,
			hang:  sticks("/count", 1), after: hungLong,
			want: want{state: "hung", hung: 1, says: []string{`main\.count|main\.go:\d+`}, silent: []string{`^healthy`}},
		},
		{name: "healthy: Go without a request", serve: depot, after: 8 * time.Second},
		{
			name: "healthy: Go sends events", serve: depot,
			hang: func(s *stage) {
				s.send("/events", 3)
				s.load("/ok", 100*time.Millisecond)
			}, after: 6 * time.Second,
		},
		{
			name:  "JVM: threads take two monitors in two orders, and others come after",
			serve: library,
			hang:  twoOrders,
			after: hungLong,
			want: want{state: "hung", hung: 1, at: "Library.java#lend", cycle: true,
				says: []string{`[Dd]eadlock|circle|cycle|each other`}, silent: []string{`main thread waits`}},
		},
		{
			name:  "JVM: every thread waits for a semaphore",
			serve: with(library, func(s *stage) { s.up("/card"); s.up("/card") }),
			hang:  sticks("/card", 5), after: hungLong,
			want: want{state: "hung", hung: 1, at: "Library.java#card", silent: []string{`main thread waits`, `^healthy`}},
		},
		{
			name:  "JVM: every thread waits for an answer",
			serve: with(deafUpstream, library),
			hang:  sticks("/ask", 5), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "Library.java#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}, silent: []string{`main thread waits`}},
		},
		{
			name:  "JVM: the thread that takes connections serves them too, and waits for an answer",
			serve: with(deafUpstream, func(s *stage) { s.set("DISPATCHER", "alone") }, library),
			hang:  sticks("/ask", 3), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "Library.java#ask",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}, silent: []string{`^healthy`, `long-poll`}},
		},
		{
			name:  "JVM: two threads wait for the monitor of one that waits for an answer, and one is free",
			serve: with(deafUpstream, library),
			hang:  sticks("/index", 3), after: 7 * time.Second,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "Library.java#ask",
				says: []string{`2 are waiting for the monitor Library\.class`}, silent: []string{`^healthy`}},
		},
		{
			name:  "JVM: every thread waits for room in a full queue",
			serve: with(library, func(s *stage) { s.up("/audit") }),
			hang:  sticks("/audit", 5), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aPool, at: "Library.java#audit",
				says: []string{`waiting for room in the full queue`}, silent: []string{`for an item`}},
		},
		{
			name:  "JVM: a program that a thread started writes, and nobody reads it",
			serve: library,
			hang:  sticks("/print", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "Library.java#print",
				says: []string{`\(seq 1 9999999\)`, `full pipe`}, silent: []string{`threads of its pool`}},
		},
		{
			name:  "JVM: threads wait for futures whose jobs wait for an answer",
			serve: with(deafUpstream, library),
			hang:  sticks("/reserve", 2), after: hungLong,
			want: want{state: "hung", hung: 1, at: "Library.java#reserve",
				says: []string{`is to complete,? in .*${Library.java#ask}`}, silent: []string{`^healthy`}},
		},
		{
			name:  "JVM: a thread waits in its monitor for a future whose job wants that monitor",
			serve: library,
			hang:  sticks("/audition", 1), after: 3 * time.Second,
			want: want{state: "hung", hung: 1, at: "Library.java#audition", cycle: true, silent: []string{`^healthy`}},
		},
		{
			name:  "JVM 25: threads take two monitors in two orders",
			serve: libraryOf("25"),
			hang:  twoOrders,
			after: hungLong,
			want: want{state: "hung", hung: 1, at: "Library.java#lend", cycle: true,
				says: []string{`[Dd]eadlock|circle|cycle|each other`}, silent: []string{`main thread waits`}},
		},
		{
			name:  "JVM 25, compact headers and ZGC: two threads wait for the monitor of one that waits for an answer",
			serve: with(deafUpstream, libraryOf("25", "-XX:+UseZGC", "-XX:+UseCompactObjectHeaders")),
			hang:  sticks("/index", 3), after: 7 * time.Second,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "Library.java#ask",
				says: []string{`2 are waiting for the monitor Library\.class`}, silent: []string{`^healthy`}},
		},
		{
			name:  "Jetty: one thread waits for an answer, and the others of its pool rest",
			serve: with(deafUpstream, harbour),
			hang:  sticks("/pilot", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "Harbour.java#pilot",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}, silent: []string{`threads of its pool`}},
		},
		{name: "healthy: the JVM without a request", serve: library, after: 4 * time.Second},
		{
			name:  "Rust: threads take two locks in two orders, and others come after",
			serve: kiosk,
			hang: func(s *stage) {
				s.begins()
				s.send("/sell", 1)
				s.send("/refund", 1)
				s.wait(time.Second)
				s.stick("/sell", 1)
				s.stick("/refund", 1)
				s.send("/ok", 2)
			}, after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, silent: []string{`main thread waits`, `^healthy`}},
		},
		{
			name:  "C: processes wait for a mutex that they share, and that one who was killed had taken",
			serve: with(turnstile, func(s *stage) { s.get("/crash") }),
			hang:  sticks("/enter", 3), after: 3 * time.Second,
			want: want{state: "hung", hung: 3, kinds: aLock,
				says: []string{`mutex that processes share; thread \d+ took it and is dead, .*\(proven\)`}},
		},
		{
			name:  "C: processes wait for a mutex that they share, while one has it and waits for an answer",
			serve: with(deafUpstream, turnstile),
			hang: with(sticks("/audit", 1), func(s *stage) {
				s.wait(300 * time.Millisecond)
				s.stick("/enter", 4)
			}), after: 3 * time.Second,
			want: want{state: "hung", hung: 3,
				says: []string{`mutex that processes share, held by pid \d+ \(\S*turnstile\); that one itself is in read, waiting for 127\.0\.0\.1:${UPSTREAM}`}},
		},
		{name: "healthy: C, processes that share a mutex", serve: turnstile,
			hang: func(s *stage) { s.load("/enter", 20*time.Millisecond) }, after: 3 * time.Second},
		{name: "healthy: Rust without a request", serve: kiosk, after: 4 * time.Second},
		{
			name:  "starman: workers wait for a lock of a file that one keeps while it waits for an answer",
			serve: with(deafUpstream, starman),
			hang: with(sticks("/audit", 1), func(s *stage) {
				s.wait(500 * time.Millisecond)
				s.stick("/count", 4)
			}), after: hungLong,
			want: want{state: "hung", hung: 4, says: []string{`visitors`, `held by`,
				`count \(.*${counter.psgi#count}\)`, `GET /count`, `${counter.psgi#audit}`}, silent: []string{`^healthy`}},
		},
		{
			name:  "hypnotoad: a handler stops the loop of its worker",
			serve: hypnotoad,
			hang:  with(sticks("/scan", 1), func(s *stage) { s.send("/ok", 6) }), after: hungLong,
			want: want{state: "hung", hung: 1, at: "scan.pl#scan", says: []string{`GET /scan`}, silent: []string{`^healthy`}},
		},
		{
			name:  "starman: a search in a text goes back again and again",
			serve: starman,
			hang:  sticks("/check", 1), after: hungLong,
			want: want{state: "hung", hung: 1, at: "counter.psgi#check", says: []string{`GET /check`}, silent: []string{`^healthy`}},
		},
		{
			name:  "a server of Perl that forks: its child sleeps and asks again",
			serve: perlForks,
			hang:  sticks("/again", 2), after: hungLong,
			want: want{state: "hung", at: "forks.pl#again", silent: []string{`^healthy`}},
		},
		{name: "healthy: starman without a request", serve: starman, after: 4 * time.Second},
		{
			name:  "healthy: starman at two ports, whose workers take turns by a lock",
			serve: starmanAtTwo, after: hungLong,
		},
		{
			name: "healthy: starman, and a request of 2.5 s at a time", serve: starman,
			hang: func(s *stage) {
				s.load("/slow", 300*time.Millisecond)
				s.load("/ok", 100*time.Millisecond)
			}, after: 6 * time.Second,
		},
		{name: "healthy: hypnotoad without a request", serve: hypnotoad, after: 4 * time.Second},
	}
}

// depot builds and starts the Go server of testdata.
func depot(s *stage) {
	s.t.Helper()
	s.app("go/depot/main.go") // for its lines
	out := filepath.Join(s.dir, "depot")
	build := exec.Command("go", "build", "-o", out, "./testdata/go/depot")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		s.t.Fatalf("build it: %v\n%s", err, text)
	}
	s.serve(out)
	s.up("/ok")
}

func kiosk(s *stage) {
	s.t.Helper()
	out := filepath.Join(s.dir, "kiosk")
	if text, err := exec.Command("rustc", "--edition", "2018", "-o", out,
		s.app("rust/kiosk.rs")).CombinedOutput(); err != nil {
		s.t.Fatalf("compile it: %v\n%s", err, text)
	}
	s.serve(out)
	s.up("/ok")
}

// turnstile has three processes with a mutex in memory that they share.
func turnstile(s *stage) {
	s.t.Helper()
	out := filepath.Join(s.dir, "turnstile")
	if text, err := exec.Command("gcc", "-Wall", "-pthread", "-o", out, s.app("c/turnstile.c")).CombinedOutput(); err != nil {
		s.t.Fatalf("compile it: %v\n%s", err, text)
	}
	s.serve(out)
	s.up("/ok")
	s.children(3)
}

func library(s *stage) {
	s.t.Helper()
	s.launchLibrary("")
}

// twoOrders takes two monitors of the library in two orders, and then asks more of it.
func twoOrders(s *stage) {
	s.t.Helper()
	s.begins()
	s.send("/lend", 1)
	s.send("/return", 1)
	s.wait(time.Second)
	s.stick("/lend", 1)
	s.stick("/return", 1)
	s.send("/ok", 3)
}

// libraryOf runs the library on a JDK of a version beside the system's own, where there is one, with options of its own.
func libraryOf(version string, options ...string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		found, err := filepath.Glob("/usr/lib/jvm/*-" + version + "-*/bin/javac")
		if err != nil || len(found) == 0 {
			s.t.Skip("no JDK " + version + " is installed")
		}
		s.launchLibrary(filepath.Dir(found[0])+"/", options...)
	}
}

// launchLibrary takes Java's programs from a folder.
func (s *stage) launchLibrary(folder string, options ...string) {
	s.t.Helper()
	source := s.app("java/Library.java")
	if text, err := exec.Command(folder+"javac", "-d", s.dir, source).CombinedOutput(); err != nil {
		s.t.Fatalf("compile it: %v\n%s", err, text)
	}
	s.serve(append([]string{folder + "java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", s.dir}, append(options, "Library")...)...)
	s.up("/ok")
}

func harbour(s *stage) {
	s.t.Helper()
	classes := s.dir + ":/usr/share/java/servlet-api.jar"
	for _, part := range []string{"http", "io", "server", "util"} {
		classes += ":/usr/share/java/jetty9-" + part + ".jar"
	}
	if text, err := exec.Command("javac", "-cp", classes, "-d", s.dir, s.app("java/Harbour.java")).CombinedOutput(); err != nil {
		s.t.Fatalf("compile it: %v\n%s", err, text)
	}
	s.serve("java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", classes, "Harbour")
	s.up("/ok")
}

func starman(s *stage) {
	s.t.Helper()
	s.serve("starman", "--listen", s.address(), "--workers", "4", s.app("perl/counter.psgi"))
	s.up("/ok")
	s.children(4)
}

// starmanAtTwo listens at two ports, so that its workers take connections by turns.
func starmanAtTwo(s *stage) {
	s.t.Helper()
	s.serve("starman", "--listen", s.address(), "--listen", fmt.Sprintf("127.0.0.1:%d", freePort(s.t)), "--workers", "3",
		s.app("perl/counter.psgi"))
	s.up("/ok")
	s.children(3)
}

// perlForks is a server that has a child for each connection.
func perlForks(s *stage) {
	s.t.Helper()
	s.serve("perl", s.app("perl/forks.pl"))
	s.up("/ok")
}

func hypnotoad(s *stage) {
	s.t.Helper()
	s.serve("hypnotoad", "-f", s.app("perl/scan.pl"))
	s.up("/ok")
	s.children(2)
}
