//go:build realservers

// Package realservers starts real servers, makes them hang or leaves them in health, and checks that `hangtime
// diagnose` and `hangtime watch` say the truth: which workers hang, since when, why, and at which line of the
// application. It is all in tests, of the real binary; it knows nothing of how hangtime finds out.
//
// A case is one row of a table in this folder and, mostly, an application in testdata, where a comment `hang: NAME`
// marks the line at which the case stands still.
package realservers

import (
	"os"
	"testing"
	"time"
)

// A realCase is one real server in one situation.
type realCase struct {
	name   string
	worlds []world      // Python of which it is: one test for each; empty: it is not Python, or it does not matter
	root   bool         // it cannot be made without root
	serve  func(*stage) // starts the server, and returns when it serves (or when it stands still where it should begin to)
	hang   func(*stage) // brings it into the situation; nil: it is in it
	after  time.Duration
	want   want
}

// hungLong is after how long a lone request beside idle siblings must be found: 10 s is the default of hangtime, and
// two are for a busy machine. A case that is played in two worlds is played in one of them with a shorter limit.
const (
	hungLong      = 12 * time.Second
	shortLimit    = 5 * time.Second
	hungNotSoLong = shortLimit + 2*time.Second
)

func TestThreads(t *testing.T)   { runCases(t, threadCases()) }
func TestChildren(t *testing.T)  { runCases(t, childCases()) }
func TestRetries(t *testing.T)   { runCases(t, retryCases()) }
func TestLoops(t *testing.T)     { runCases(t, loopCases()) }
func TestQueues(t *testing.T)    { runCases(t, queueCases()) }
func TestLifetime(t *testing.T)  { runCases(t, lifetimeCases()) }
func TestAnswers(t *testing.T)   { runCases(t, answerCases()) }
func TestDatabases(t *testing.T) { runCases(t, databaseCases()) }
func TestSessions(t *testing.T)  { runCases(t, sessionCases()) }
func TestHealthy(t *testing.T)   { runCases(t, healthyCases()) }
func TestPHP(t *testing.T)       { runCases(t, phpCases()) }
func TestRuby(t *testing.T)      { runCases(t, rubyCases()) }
func TestNode(t *testing.T)      { runCases(t, nodeCases()) }
func TestCompiled(t *testing.T)  { runCases(t, compiledCases()) }
func TestRoles(t *testing.T)     { runCases(t, roleCases()) }
func TestAlone(t *testing.T)     { runCases(t, aloneCases()) }
func TestFronts(t *testing.T)    { runCases(t, frontCases()) }

func runCases(t *testing.T, all []realCase) {
	t.Parallel()
	for _, c := range all {
		if len(c.worlds) == 0 {
			t.Run(c.name, func(t *testing.T) { c.run(t, debian) })
			continue
		}
		for _, w := range c.worlds {
			t.Run(c.name+"/"+w.name, func(t *testing.T) { c.run(t, w) })
		}
	}
}

// run plays the case. One watch is there before anything is wrong, a second one comes with the look: what they say at
// its end must be what the look says.
func (c realCase) run(t *testing.T, w world) {
	t.Parallel()
	if c.root && os.Getuid() != 0 {
		t.Skip("only root can bring a server into this situation")
	}
	s := newStage(t, w)
	if c.after == hungLong && len(c.worlds) > 1 && w.name == debian.name {
		c.after, s.limit = hungNotSoLong, shortLimit
	}
	c.serve(s)
	before := watch(s, "from before")
	if c.hang != nil {
		before.looks()
		c.hang(s)
	}
	s.wait(c.after)
	after := watch(s, "from after")
	told := look(s)
	c.want.check(s, told)
	if c.want.state != "" {
		after.tells(told.hung())
	}
	c.want.checkWatch(s, told, before.end())
	c.want.checkWatch(s, told, after.end())
}
