package diagnose

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// javaThreads is a worker of Java at which one request a thread came at 2 s, beside a thread of the same pool that rests.
func javaThreads(lasts time.Duration, of map[int]func(t time.Duration, st *history.Stack), unread int) *Fold {
	return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, lasts, func(t time.Duration) []history.Event {
		rests := stands(101, 131, "futex", 9*s)
		found := []history.Event{accepting(101, 101, 10*ms), rests, code(101, 131, func(st *history.Stack) {
			st.Language, st.Pool, st.Idle, st.Name, st.Own = "java", true, true, "pool-1-thread-9", 0
		})}
		var ages []time.Duration
		for _, tid := range slices.Sorted(maps.Keys(of)) {
			one := code(101, tid, func(st *history.Stack) { st.Language, st.Pool, st.Name = "java", true, "pool-1-thread-1" })
			of[tid](t, &one)
			ages = append(ages, t-2*s)
			found = append(found, stands(101, tid, "futex", t-2*s), one)
		}
		for range unread {
			ages = append(ages, t-2*s)
		}
		one := inside(101, ages...)
		one.Unread = unread
		return look(101, one, found...)
	})))
}

func TestWhoWaitsForALockWaitsBehindTheThreadThatHasIt(t *testing.T) {
	reads := func(_ time.Duration, st *history.Stack) {}
	waitsFor := func(owner func(t time.Duration) int) func(time.Duration, *history.Stack) {
		return func(t time.Duration, st *history.Stack) {
			st.Wait = &history.Wait{On: "monitor", Object: 7, Owner: uint64(owner(t))}
		}
	}
	always := func(time.Duration) int { return 111 }
	type threads = map[int]func(time.Duration, *history.Stack)
	check(t, "its holder stands still", javaThreads(9*s, threads{111: reads, 112: waitsFor(always)}, 0),
		wanted{state: Hung, cause: CausePool, began: 2 * s, detected: 7 * s})
	check(t, "nobody waits for a lock", javaThreads(9*s, threads{111: reads, 112: reads}, 0),
		wanted{state: Busy, label: Slow})
	// The holder is a thread of the program's own, which no pool has.
	background := func(_ time.Duration, st *history.Stack) { st.Pool, st.Name = false, "refresher" }
	check(t, "one waits for a thread in the background", javaThreads(9*s, threads{111: background, 112: waitsFor(always)}, 0),
		wanted{state: Busy, label: Slow})
	check(t, "two do", javaThreads(9*s, threads{111: background, 112: waitsFor(always), 113: waitsFor(always)}, 0),
		wanted{state: Hung, cause: CausePool, began: 2 * s, detected: 7 * s})
	check(t, "its holder is not known", javaThreads(9*s, threads{111: reads, 112: waitsFor(func(time.Duration) int { return 0 })}, 0),
		wanted{state: Busy, label: Slow})
}

func TestRequestsThatNobodyReadsWaitForTheLoopThatStandsStill(t *testing.T) {
	turn := func(_ time.Duration, st *history.Stack) { st.Turn = true }
	type threads = map[int]func(time.Duration, *history.Stack)
	check(t, "two are unread", javaThreads(5*s, threads{111: turn}, 2),
		wanted{state: Hung, cause: CauseMutex, began: 2 * s, detected: 3 * s})
	check(t, "none is", javaThreads(5*s, threads{111: turn}, 0), wanted{state: Busy, label: Slow})
	check(t, "it is no loop", javaThreads(5*s, threads{111: func(time.Duration, *history.Stack) {}}, 2),
		wanted{state: Busy, label: Slow})
}

// TestAThreadThatIsMadeForARequestServesIt: the program has a thread for each connection, and one of its own beside.
func TestAThreadThatIsMadeForARequestServesIt(t *testing.T) {
	standing := func(made time.Duration) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 14*s, func(t time.Duration) []history.Event {
			one := stands(101, 111, "read", t-2*s)
			one.Age = t - made
			return look(101, inside(101, t-2*s), accepting(101, 101, t-2*s), one,
				code(101, 101, func(st *history.Stack) { st.Idle, st.Main = true, true }),
				code(101, 111, func(st *history.Stack) { st.Language, st.Script = "java", true }))
		})))
	}
	check(t, "it was made then", standing(2*s-10*ms),
		wanted{state: Hung, cause: CauseUnknown, began: 2 * s, detected: 12 * s, says: "pay (app.py:12)"})
	if got := standing(1 * s).Incidents(); len(got) != 0 {
		t.Errorf("it was made before: got %+v", got)
	}
}

// TestAThreadBesideFreeOnesIsExplainedByItself: that another of its pool stands still at another request says nothing of it.
func TestAThreadBesideFreeOnesIsExplainedByItself(t *testing.T) {
	event := func(_ time.Duration, st *history.Stack) {
		st.Wait = &history.Wait{On: "event", Object: 7, Name: "done"}
	}
	type threads = map[int]func(time.Duration, *history.Stack)
	w := javaThreads(5*s, threads{111: event, 112: func(time.Duration, *history.Stack) {}}, 0).Workers()[0]
	if w.Label != Slow || w.Cause == nil || w.Cause.Kind == CausePool {
		t.Errorf("two threads at different things: %s, %+v", w.Label, w.Cause)
	}
	w = javaThreads(5*s, threads{111: event, 112: event}, 0).Workers()[0]
	if w.Cause == nil || w.Cause.Kind != CausePool {
		t.Errorf("two threads at one thing: %s, %+v", w.Label, w.Cause)
	}
}

// TestAThreadWhoseCodeIsNotReadYetIsNoneTooFew: two long polls are in threads of the pool, and two more in threads whose code
// was last read before they took them: nobody waits for a thread.
func TestAThreadWhoseCodeIsNotReadYetIsNoneTooFew(t *testing.T) {
	polls := func(more int) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 10*s, func(t time.Duration) []history.Event {
			ages := []time.Duration{t - 2*s, t - 2*s, t - 2*s, t - 2*s}
			found := []history.Event{accepting(101, 101, t-2*s)}
			for tid := 111; tid < 113+more; tid++ {
				one := stands(101, tid, "clock_nanosleep", t-2*s)
				if tid > 112 { // it sleeps anew since a moment ago
					one.Still = 10 * ms
				}
				found = append(found, one)
				if tid <= 112 || t < 3*s {
					found = append(found, code(101, tid, func(st *history.Stack) { st.Pool, st.Name = true, "pool" }))
				}
			}
			return look(101, inside(101, ages...), found...)
		})))
	}
	if got := polls(2).Incidents(); len(got) != 0 {
		t.Errorf("four threads for four: got %+v", got)
	}
	check(t, "two threads for four", polls(0), wanted{state: Hung, cause: CausePool, began: 2 * s, detected: 7 * s})
}

// TestAThreadOfWhichOnlyTheCodeWasReadIsFree: on a busy machine the others of a pool run between the two looks at them, so
// that only their code tells what they are at.
func TestAThreadOfWhichOnlyTheCodeWasReadIsFree(t *testing.T) {
	polls := func(free bool) []Incident {
		return fold(script(pool(1), healthy(1, 101, 1*s, 2*s), every(2*s, 9*s, func(t time.Duration) []history.Event {
			ages := []time.Duration{t - 2*s, t - 2*s, t - 2*s, t - 2*s}
			found := []history.Event{accepting(101, 101, t-2*s)}
			for tid := 111; tid < 117; tid++ {
				standing := tid < 113
				if standing {
					found = append(found, stands(101, tid, "clock_nanosleep", t-2*s))
				}
				if standing || free {
					found = append(found, code(101, tid, func(st *history.Stack) { st.Pool, st.Name, st.Idle = true, "pool", tid == 116 }))
				}
			}
			return look(101, inside(101, ages...), found...)
		}))).Incidents()
	}
	if got := polls(true); len(got) > 0 {
		t.Errorf("with a thread that waits for work: %+v", got)
	}
	if got := polls(false); len(got) != 1 || got[0].Cause.Kind != CausePool {
		t.Errorf("with two threads and no other: %+v", got)
	}
}
