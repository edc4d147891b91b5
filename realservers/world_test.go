//go:build realservers

package realservers

import "fmt"

// A world is where Python servers come from: a distribution has those of years ago, and the package index those of
// today. They differ in what they wait in.
type world struct {
	name   string
	folder string // of its programs, with the slash
}

var (
	debian = world{"debian", "/usr/bin/"}
	pypi   = world{name: "pypi"} // main fills in where it is: only the lock file and the interpreter say
	both   = []world{debian, pypi}
	olden  = []world{debian}
	today  = []world{pypi}
)

// tool is a program of the world.
func (s *stage) tool(name string) string {
	if s.world.name == pypi.name {
		return pypi.folder + name
	}
	return debian.folder + name
}

// python starts the interpreter as the server, with a module.
func (s *stage) python(module string, args ...string) {
	s.t.Helper()
	s.serve(append([]string{s.tool("python3"), "-m", module}, args...)...)
}

// gunicorn serves an application of testdata/python: gunicorn("pools", "-k", "gthread").
func gunicorn(app string, args ...string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.launchGunicorn(app, args...)
		s.up("/ok")
	}
}

func (s *stage) launchGunicorn(app string, args ...string) {
	s.t.Helper()
	s.app("python/" + app + ".py")
	s.python("gunicorn", append([]string{"-t", "300", "-b", s.address(), app + ":app"}, args...)...)
}

// uvicorn serves an asynchronous application.
func uvicorn(app string, args ...string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.launchUvicorn(app, args...)
		s.up("/ok")
	}
}

func (s *stage) launchUvicorn(app string, args ...string) {
	s.t.Helper()
	s.app("python/" + app + ".py")
	s.python("uvicorn", append([]string{"--host", "127.0.0.1", "--port", fmt.Sprint(s.port), app + ":app"}, args...)...)
}

func (s *stage) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// with does several things in order.
func with(all ...func(*stage)) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		for _, one := range all {
			one(s)
		}
	}
}

func deafUpstream(s *stage) { s.deaf() }
func redisServer(s *stage)  { s.redis() }
func bankAccount(s *stage)  { s.account() }
func forgetful(s *stage)    { s.forgets() }

// sticks sends requests that hang.
func sticks(path string, n int) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.stick(path, n)
	}
}
