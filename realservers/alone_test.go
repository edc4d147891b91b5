//go:build realservers

package realservers

import (
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// aMoment is long enough for a program to stand where it is told to, and too short for any wait to be long.
const aMoment = 2 * time.Second

// aloneCases: programs that listen nowhere, and that no queue is known to hand work to. Where they stand by their own
// code only their authors know whether they work or rest.
func aloneCases() []realCase {
	python := func(errand string) func(*stage) {
		return does(errand, func(s *stage) []string { return []string{s.tool("python3"), s.app("python/errand.py")} })
	}
	ruby := func(errand string) func(*stage) {
		return does(errand, func(s *stage) []string { return []string{"ruby", s.app("ruby/errand.rb")} })
	}
	node := func(errand string) func(*stage) {
		return does(errand, func(s *stage) []string { return []string{"node", s.app("node/errand.js")} })
	}
	cannotTell := func(says ...string) want { return want{unknown: true, says: says} }
	owed := `127\.0\.0\.1:${UPSTREAM}.* has not answered for 1\d`
	return []realCase{
		{name: "Python waits for an answer", serve: with(deafUpstream, python("ask")), after: hungLong,
			want: cannotTell(`${errand.py#ask}\) for 1\d[.\d]* s;`, owed)},
		{name: "Python sleeps again and again", serve: python("sleep"), after: aMoment,
			want: cannotTell(`${errand.py#sleep}\) for \d[.\d]* s at least`)},
		{name: "Python waits for a signal", serve: python("signals"), after: aMoment,
			want: cannotTell(`${errand.py#signals}`)},

		{name: "Go: two goroutines take two mutexes in two orders", serve: errandOfGo("circle"), after: hungLong,
			want: cannotTell(`${main.go#circle}\) for 1\d[.\d]* s at least`)},
		{name: "Go: two goroutines have just taken two mutexes in two orders", serve: errandOfGo("circle"), after: aMoment,
			want: cannotTell(`${main.go#circle}`)},
		{name: "Go waits for an answer", serve: with(deafUpstream, errandOfGo("ask")), after: hungLong,
			want: cannotTell(`${main.go#ask}`, owed)},
		{name: "Go sleeps again and again", serve: errandOfGo("sleep"), after: aMoment, want: cannotTell(`${main.go#sleep}`)},
		{name: "Go waits for the next tick", serve: errandOfGo("tick"), after: aMoment, want: cannotTell(`${main.go#tick}`)},
		{name: "Go waits for a signal", serve: errandOfGo("signals"), after: hungLong,
			want: cannotTell(`${main.go#signals}\) for 1\d`)},
		{name: "Go: a consumer waits for its next job", serve: errandOfGo("consume"), after: hungLong,
			want: cannotTell(`main\.go:\d+`)},
		{name: "healthy: Go computes", serve: errandOfGo("count"), after: aMoment, want: want{says: []string{`busy`}}},

		{name: "Java reads an answer that does not come", serve: with(deafUpstream, errandOfJava("read")), after: hungLong,
			want: cannotTell(`${Errand.java#read}\) for 1\d`, owed)},
		{name: "Java waits for an answer in its HTTP client", serve: with(deafUpstream, errandOfJava("send")), after: hungLong,
			want: cannotTell(`Errand\.java:\d+`, `127\.0\.0\.1:${UPSTREAM}.* has not answered for \d`)},
		{name: "Java waits for a lock that another thread has", serve: errandOfJava("lock"), after: hungLong,
			want: cannotTell(`${Errand.java#lock}\) for 1\d`)},
		{name: "Java waits for a latch", serve: errandOfJava("latch"), after: hungLong,
			want: cannotTell(`${Errand.java#latch}\) for 1\d`)},
		{name: "Java sleeps again and again", serve: errandOfJava("sleep"), after: aMoment,
			want: cannotTell(`${Errand.java#sleep}`)},
		{name: "Java: two threads take two monitors in two orders", serve: errandOfJava("monitors"), after: hungLong,
			want: want{state: "hung", kinds: aLock, cycle: true, at: "Errand.java#monitors"}},
		{name: "Java: two threads take two locks in two orders", serve: errandOfJava("locks"), after: hungLong,
			want: want{state: "hung", kinds: aLock, cycle: true, at: "Errand.java#locks"}},
		{name: "healthy: a pool of Java rests until the next hour", serve: errandOfJava("schedule"), after: hungLong,
			want: want{says: []string{`idle`}}},

		{name: "Ruby: two threads take two locks in two orders", serve: ruby("circle"), after: hungLong,
			want: want{state: "hung", kinds: aLock, cycle: true, at: "errand.rb#circle"}},
		{name: "Ruby: two threads have just taken two locks in two orders", serve: ruby("circle"), after: aMoment,
			want: want{state: "hung", kinds: aLock, cycle: true, at: "errand.rb#circle"}},
		{name: "Ruby waits for an answer", serve: with(deafUpstream, ruby("ask")), after: hungLong,
			want: cannotTell(`${errand.rb#ask}\) for 1\d`, owed)},
		{name: "Ruby sleeps again and again", serve: ruby("rest"), after: aMoment, want: cannotTell(`${errand.rb#rest}`)},
		{name: "healthy: Ruby waits for the next job of Redis", serve: with(redisServer, ruby("fetch")), after: hungLong,
			want: want{says: []string{`idle`}}},
		{name: "healthy: Sidekiq without a job", serve: with(redisServer, sidekiq), after: hungLong,
			want: want{says: []string{`idle`}}},

		{name: "Node waits for an answer", serve: with(deafUpstream, node("ask")), after: hungLong,
			want: cannotTell(`its loop waits for events`, owed)},
		{name: "Node stands still by Atomics.wait", serve: node("wait"), after: hungLong,
			want: cannotTell(`${errand.js#wait}\) for 1\d`)},
		{name: "Node waits for the next job of Redis", serve: with(redisServer, node("fetch")), after: hungLong,
			want: cannotTell(`127\.0\.0\.1:${REDIS}.* has not answered for 1\d`)},
		{name: "healthy: Node has a timer", serve: node("tick"), after: hungLong, want: want{says: []string{`idle`}}},
		{name: "healthy: Node has a connection of which all is answered", serve: with(redisServer, node("rest")),
			after: hungLong, want: want{says: []string{`idle`}}},
	}
}

// does starts a program with what it is told to do.
func does(errand string, program func(*stage) []string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.serve(append(program(s), errand)...)
		s.said(s.server, "ready")
		s.begins()
	}
}

func sidekiq(s *stage) {
	s.t.Helper()
	s.set("REDIS_URL", "redis://127.0.0.1:"+s.value("REDIS"))
	s.serve("sidekiq", "-c", "3", "-r", s.app("ruby/letters.rb"))
	s.said(s.server, "Running in ruby")
}

func errandOfJava(errand string) func(*stage) {
	return does(errand, func(s *stage) []string {
		s.t.Helper()
		if text, err := exec.Command("javac", "-d", s.dir, s.app("java/Errand.java")).CombinedOutput(); err != nil {
			s.t.Fatalf("compile it: %v\n%s", err, text)
		}
		return []string{"java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", s.dir, "Errand"}
	})
}

func errandOfGo(errand string) func(*stage) {
	return does(errand, func(s *stage) []string {
		s.t.Helper()
		s.app("go/errand/main.go") // for its lines
		out := filepath.Join(s.dir, "errand")
		build := exec.Command("go", "build", "-o", out, "./testdata/go/errand")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			s.t.Fatalf("build it: %v\n%s", err, text)
		}
		return []string{out}
	})
}
