package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestAThreadOfAnotherPoolIsNoFreePlace: all four threads of one pool are taken and more is asked, while one of a second
// pool, or of the same, rests.
func TestAThreadOfAnotherPoolIsNoFreePlace(t *testing.T) {
	for resting, want := range map[string]State{
		"ThreadPoolExecutor-0_4": Busy,
		"ThreadPoolExecutor-1_0": Hung,
		"":                       Busy, // it may be of any
	} {
		h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 11*s, func(t time.Duration) []history.Event {
			var ages []time.Duration
			found := []history.Event{accepting(101, 101, 10*ms), code(101, 101, func(st *history.Stack) { st.Idle = true })}
			for i := range 5 {
				ages = append(ages, t-5*s, t-5*s)
				found = append(found, stands(101, 111+i, "clock_nanosleep", t-5*s), code(101, 111+i, func(st *history.Stack) {
					st.Pool, st.Name = true, fmt.Sprintf("ThreadPoolExecutor-0_%d", i)
					st.Request = &history.Request{Method: "GET", Path: "/nap", Port: 40001 + i}
					if i == 4 {
						st.Idle, st.Name, st.Request = true, resting, nil
					}
				}))
			}
			return look(101, inside(101, ages...), found...)
		}))
		if got := fold(h).Workers()[0].State; got != want {
			t.Errorf("%q rests: %s, want %s", resting, got, want)
		}
	}
}

func TestThreadsOfOnePoolDifferInTheirLastNumber(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"ThreadPoolExecutor-0_1", "ThreadPoolExecutor-0_12", true},
		{"ThreadPoolExecutor-0_1", "ThreadPoolExecutor-1_1", false},
		{"Thread-7 (serve)", "Thread-12 (serve)", true},
		{"Thread-7 (serve)", "Thread-8 (mail)", false},
		{"http-nio-8080-exec-3", "http-nio-8080-exec-10", true},
		{"http-nio-8080-exec-3", "scheduling-1", false},
		{"", "scheduling-1", true},
	} {
		if got := samePool(&stack{Stack: history.Stack{Name: c.a}}, &stack{Stack: history.Stack{Name: c.b}}); got != c.same {
			t.Errorf("%q and %q: %v, want %v", c.a, c.b, got, c.same)
		}
	}
}

// TestAThreadThatAThreadOfAPoolMadeIsNoneOfThePool: it inherits the name of the one that made it, so it takes no place of
// the pool's, and two requests are one too many.
func TestAThreadThatAThreadOfAPoolMadeIsNoneOfThePool(t *testing.T) {
	for reads, want := range map[bool]State{
		true:  Hung, // its language says that it is none
		false: Busy, // nobody says so
	} {
		h := script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 11*s, func(t time.Duration) []history.Event {
			made, serves := stands(101, 112, "futex", t-5*s), stands(101, 111, "futex", t-5*s)
			made.Name, serves.Name = "puma srv tp 001", "puma srv tp 001"
			found := []history.Event{accepting(101, 101, 10*ms), serves, made,
				code(101, 111, func(st *history.Stack) { st.Language, st.Pool = "ruby", true })}
			if reads {
				found = append(found, code(101, 112, func(st *history.Stack) { st.Language, st.Own = "ruby", 0 }))
			}
			return look(101, inside(101, t-5*s, t-5*s), found...)
		}))
		if got := fold(h).Workers()[0].State; got != want {
			t.Errorf("read %v: %s, want %s", reads, got, want)
		}
	}
}

// TestTheThreadThatRunsMainServes: a JVM runs the program's main function on a thread of its own, and the process's first
// one only waits for it. Without the language's word it is a thread of which nobody knows what it is for.
func TestTheThreadThatRunsMainServes(t *testing.T) {
	server := func(to time.Duration, change func(st *history.Stack, beside *history.ThreadSample)) Worker {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, to, func(t time.Duration) []history.Event {
			first, beside := stands(101, 101, "futex", t-1*s), stands(101, 103, "futex", t-1*s)
			first.Idle = true
			st := code(101, 102, func(st *history.Stack) { st.Own, st.Main = 1, true })
			change(&st, &beside)
			return append(look(101, inside(101, t-5*s), first, stands(101, 102, "read", t-5*s),
				st, beside), history.Listener{Backlog: 2, Limit: 50})
		}))).Workers()[0]
	}
	w := server(8*s, func(*history.Stack, *history.ThreadSample) {})
	if w.State != Hung || w.Since != 5*s || !strings.HasPrefix(w.Cause.Sentence, "its main thread is in read") {
		t.Errorf("two wait behind it: %s since %s, %+v", w.State, w.Since, w.Cause)
	}
	if w := server(8*s, func(st *history.Stack, _ *history.ThreadSample) { st.Main = false }); w.State == Hung {
		t.Errorf("a thread of which nobody says what it is for: %+v", w.Cause)
	}
	if w := server(8*s, func(_ *history.Stack, beside *history.ThreadSample) {
		beside.Syscall, beside.Idle, beside.For = "epoll_wait", true, "connections"
	}); w.State == Hung {
		t.Errorf("another accepts: %+v", w.Cause)
	}
}
