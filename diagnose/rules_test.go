package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// look is one whole look at a process: its sample, what was found of its threads, and the end of the look.
func look(pid int, sample history.WorkerSample, found ...history.Event) []history.Event {
	all := append([]history.Event{sample}, found...)
	return append(all, history.Looked{PID: pid})
}

// inside is a sample of a process with requests inside of these ages, the oldest first; their clients' ports are
// 40001 and on.
func inside(pid int, ages ...time.Duration) history.WorkerSample {
	return sample(pid-100, pid, func(w *history.WorkerSample) {
		w.Answered, w.Inside, w.Ages = 4900, len(ages), ages
		for i := range ages {
			w.Ports = append(w.Ports, 40001+i)
		}
		if len(ages) > 0 {
			w.Oldest, w.Still = ages[0], ages[0]
		}
	})
}

// stands is a thread that has stood still in a call since a while; seen twice.
func stands(pid, tid int, call string, still time.Duration) history.ThreadSample {
	return history.ThreadSample{PID: pid, TID: tid, State: "S", Syscall: call, Still: still, Twice: still > 50*ms}
}

// accepting is a thread that is proven to wait for connections.
func accepting(pid, tid int, still time.Duration) history.ThreadSample {
	t := stands(pid, tid, "epoll_wait", still)
	t.Idle, t.For = true, "connections"
	return t
}

// code is what a thread does by its language's account, in the application's own frame.
func code(pid, tid int, more func(*history.Stack)) history.Stack {
	st := history.Stack{PID: pid, TID: tid, Language: "python",
		Frames: []string{"recv (socket.py:707)", "pay (app.py:12)"}, Own: 2}
	more(&st)
	return st
}

// task is a piece of work without a thread that waits.
func task(pid int, id uint64, kind string, wait history.Wait) history.Stack {
	return history.Stack{PID: pid, Language: "python", Kind: kind, ID: id,
		Frames: []string{"acquire (locks.py:9)", "pay (app.py:12)"}, Own: 2, Wait: &wait,
		Request: &history.Request{Method: "GET", Path: fmt.Sprint("/", id)}}
}

func upstream(pid int, remote string, still time.Duration) history.SocketWait {
	return history.SocketWait{PID: pid, TID: pid, FD: 11, Op: "recvfrom", Family: "tcp", Remote: remote, State: "ESTAB",
		Silent: -1, Still: still}
}

// backlog is connections that wait to be accepted, all the time.
func backlog(from, to time.Duration) []moment {
	return every(from, to, func(time.Duration) []history.Event {
		return []history.Event{history.Listener{Backlog: 3, Limit: 128}}
	})
}

// free is a worker that is proven to wait for connections and is asked nothing.
func free(pid int, from, to time.Duration) []moment {
	return every(from, to, func(t time.Duration) []history.Event {
		return look(pid, inside(pid), accepting(pid, pid, t-from+1*s))
	})
}

// alone is a worker whose main thread waits for an answer of another server since 5 s, with one request inside.
func alone(pid int, to time.Duration) []moment {
	return every(5*s+100*ms, to, func(t time.Duration) []history.Event {
		return look(pid, inside(pid, t-5*s), stands(pid, pid, "recvfrom", t-5*s),
			upstream(pid, fmt.Sprintf("10.0.0.%d:80", pid-100), t-5*s),
			code(pid, pid, func(st *history.Stack) {
				st.Request = &history.Request{Method: "GET", Path: "/pay", Port: 40001}
			}))
	})
}

// threads is a worker with a loop that accepts and threads of a pool that all sleep at a request since 5 s, but for
// the spare ones, which wait for work.
func threads(requests, taken, spare int, to time.Duration) []moment {
	return every(5*s+100*ms, to, func(t time.Duration) []history.Event {
		ages := make([]time.Duration, requests)
		for i := range ages {
			ages[i] = t - 5*s
		}
		found := []history.Event{accepting(101, 101, 10*ms), code(101, 101, func(st *history.Stack) { st.Idle = true })}
		for i := range taken + spare {
			found = append(found, stands(101, 111+i, "clock_nanosleep", t-5*s), code(101, 111+i, func(st *history.Stack) {
				st.Pool, st.Idle = true, i >= taken
				if i < taken {
					st.Request = &history.Request{Method: "GET", Path: "/nap", Port: 40001 + i}
				}
			}))
		}
		return look(101, inside(101, ages...), found...)
	})
}

// loopWith is a worker whose loop waits for events while so many requests are inside since 5 s, and what else the
// look finds.
func loopWith(requests int, to time.Duration, more func(t time.Duration) []history.Event) []moment {
	return every(5*s+100*ms, to, func(t time.Duration) []history.Event {
		ages := make([]time.Duration, requests)
		for i := range ages {
			ages[i] = t - 5*s
		}
		return look(101, inside(101, ages...), append([]history.Event{accepting(101, 101, 100*ms)}, more(t)...)...)
	})
}

// starving is a worker that computes for one request since 5 s and is ready to run for most of that time.
func starving(to time.Duration) []moment {
	return every(5*s+100*ms, to, func(t time.Duration) []history.Event {
		w := inside(101, t-5*s)
		w.State, w.Moved, w.CPU, w.RunDelay = "R", true, (t-5*s)*3/10, (t-5*s)*7/10
		return look(101, w, history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"},
			code(101, 101, func(*history.Stack) {}))
	})
}

// queueWorker is a worker without a listening socket of which each look finds this.
func queueWorker(from, to time.Duration, more func(t time.Duration) []history.Event) []moment {
	return append(at(0, history.WorkerSeen{PID: 101, Worker: 1, NoListener: true}),
		every(from, to, func(t time.Duration) []history.Event {
			return look(101, sample(1, 101, func(*history.WorkerSample) {}), more(t)...)
		})...)
}

// pausing is the code of a job that pauses.
func pausing(pid int, job string) history.Event {
	return code(pid, pid, func(st *history.Stack) { st.Request = &history.Request{Path: "jobs.fetch", ID: job} })
}

// A verdict is what is wanted of worker 1 (pid 101) at the end of a history.
type wanted struct {
	state    State
	label    Label
	cause    string        // of its hang; empty: no incident of anybody
	began    time.Duration // of that
	detected time.Duration
	says     string // part of the cause's sentence, or of the reason why a state is unknown
	victims  int    // 0: one
}

func TestWorkIsJudgedNotProcesses(t *testing.T) {
	nothing := func(time.Duration) []history.Event { return nil }
	locked := func(kind, on string, n int, object uint64) func(time.Duration) []history.Event {
		return func(time.Duration) []history.Event {
			var all []history.Event
			for i := range n {
				all = append(all, task(101, uint64(i+1), kind, history.Wait{On: on, Object: object, Name: "registry"}))
			}
			return all
		}
	}
	four := func(detail func(pid int, still time.Duration) history.Event) []moment {
		var all []moment
		for pid := 101; pid <= 104; pid++ {
			all = append(all, every(5*s+100*ms, 7*s, func(t time.Duration) []history.Event {
				return look(pid, inside(pid, t-5*s), stands(pid, pid, "flock", t-5*s), detail(pid, t-5*s))
			})...)
		}
		return all
	}
	flock := func(pid int, still time.Duration) history.Event {
		return history.LockWait{PID: pid, TID: pid, Lock: "flock", Path: "/x.log", Inode: 77, Still: still,
			Holders: []history.LockHolder{{PID: 900, Command: "tail", Creator: true}}}
	}
	private := func(pid int, still time.Duration) history.Event {
		return upstream(pid, fmt.Sprintf("10.0.0.%d:80", pid-100), still)
	}

	for _, row := range []struct {
		name string
		h    []history.Record
		want wanted
	}{
		{"a lone slow request beside free siblings is slow at 3 s",
			script(pool(2), healthy(1, 101, 1*s, 5*s), free(102, 1*s, 8*s), alone(101, 8*s)),
			wanted{state: Busy, label: Slow}},
		{"and hangs at 10 s", script(pool(2), healthy(1, 101, 1*s, 5*s), free(102, 1*s, 16*s), alone(101, 16*s)),
			wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 15 * s, says: "by recv"}},
		{"and at another age where the server's start says so",
			script(pool(2), at(500*ms, history.ServerStarted{Server: "command", HangAfter: 4 * s}),
				healthy(1, 101, 1*s, 5*s), free(102, 1*s, 12*s), alone(101, 12*s)),
			wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 9 * s}},
		{"a lone worker with connections behind its slow request hangs within the second",
			script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(5*s, 7*s), alone(101, 7*s)),
			wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 6 * s}},
		{"four in one file lock with connections behind them hang within the second",
			script(pool(4), backlog(5*s, 7*s), four(flock)),
			wanted{state: Hung, cause: CauseFileLock, began: 5 * s, detected: 6 * s, victims: 4}},
		{"waits of their own, with connections behind them, hang within the second where nobody answers",
			script(pool(4), backlog(5*s, 7*s), four(private)),
			wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 6 * s, victims: 4}},
		{"waits of their own, with connections behind them, are slow while a sibling answers",
			script(pool(5), backlog(5*s, 7*s), four(private), healthy(5, 105, 1*s, 7*s)), wanted{state: Busy, label: Slow}},
		{"one that waits for a file lock is no slow answer although a sibling answers",
			script(pool(5), backlog(5*s, 7*s), four(flock), healthy(5, 105, 1*s, 7*s)),
			wanted{state: Hung, cause: CauseFileLock, began: 5 * s, detected: 6 * s, victims: 4}},

		{"every thread of a pool taken, and more inside: hung after 5 s",
			script(pool(1), healthy(1, 101, 1*s, 5*s), threads(9, 4, 0, 11*s)),
			wanted{state: Hung, cause: CausePool, began: 5 * s, detected: 10 * s, says: "5 more wait"}},
		{"a thread of the pool that is proven to wait for work: slow",
			script(pool(1), healthy(1, 101, 1*s, 5*s), threads(9, 4, 1, 11*s)), wanted{state: Busy, label: Slow}},
		{"every thread of a pool taken, and nothing more inside: slow",
			script(pool(1), healthy(1, 101, 1*s, 5*s), threads(4, 4, 0, 11*s)), wanted{state: Busy, label: Slow}},
		{"every thread of a pool taken, and nothing more inside: hung once that is older than work may be",
			script(pool(1), healthy(1, 101, 1*s, 5*s), threads(4, 4, 0, 16*s)),
			wanted{state: Hung, cause: CausePool, began: 5 * s, detected: 15 * s}},

		{"a thread of the application's own is not blamed for a request",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(1, 30*s, func(t time.Duration) []history.Event {
				return []history.Event{stands(101, 110, "clock_nanosleep", t-5*s-50*ms),
					code(101, 110, func(*history.Stack) {}), task(101, 1, "task", history.Wait{On: "event"})}
			})), wanted{state: Busy, label: Awaiting}},
		{"a main thread that stood still before the request came is not blamed beside those of a pool",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 16*s, func(t time.Duration) []history.Event {
				return look(101, inside(101, t-5*s), stands(101, 101, "futex", t-1*s),
					code(101, 101, func(st *history.Stack) {
						st.Frames = []string{"join (threading.py:1)", "serve (app.py:99)"}
					}),
					stands(101, 111, "recvfrom", t-5*s), code(101, 111, func(st *history.Stack) {
						st.Pool, st.Request = true, &history.Request{Path: "/pay", Port: 40001}
					}), stands(101, 112, "futex", t-1*s),
					code(101, 112, func(st *history.Stack) { st.Pool, st.Idle = true, true }))
			})), wanted{state: Hung, cause: CauseUnknown, began: 5 * s, detected: 15 * s, says: "thread 111"}},

		{"half an answer is no idle worker", script(pool(1), healthy(1, 101, 1*s, 5*s),
			every(5*s+100*ms, 8*s, func(t time.Duration) []history.Event {
				return look(101, inside(101), stands(101, 101, "recvfrom", t-5*s), code(101, 101, func(*history.Stack) {}))
			})), wanted{state: Busy, label: Slow}},
		{"half an answer hangs once it is older than work may be",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 16*s, func(t time.Duration) []history.Event {
				return look(101, inside(101), stands(101, 101, "recvfrom", t-5*s), code(101, 101, func(*history.Stack) {}))
			})), wanted{state: Hung, cause: CauseUnknown, began: 5 * s, detected: 15 * s, says: "pay (app.py:12)"}},

		{"short sleeps in one place are one wait",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 16*s, func(t time.Duration) []history.Event {
				return look(101, inside(101, t-5*s), stands(101, 101, "clock_nanosleep", 30*ms),
					code(101, 101, func(*history.Stack) {}))
			})), wanted{state: Hung, cause: CausePolling, began: 5 * s, detected: 15 * s, says: "asks again"}},
		{"short sleeps in one place with connections behind them hang within the second or two",
			script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(5*s, 8*s),
				every(5*s+100*ms, 8*s, func(t time.Duration) []history.Event {
					return look(101, inside(101, t-5*s), stands(101, 101, "clock_nanosleep", 30*ms),
						code(101, 101, func(*history.Stack) {}))
				})), wanted{state: Hung, cause: CausePolling, began: 5 * s, detected: 6 * s}},
		{"short sleeps in places that change are none",
			script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(5*s, 8*s),
				every(5*s+100*ms, 8*s, func(t time.Duration) []history.Event {
					return look(101, sample(1, 101, func(w *history.WorkerSample) {
						w.Inside, w.Oldest, w.Moved, w.Answered = 1, 60*ms, true, uint64(t/ms)
					}),
						stands(101, 101, "clock_nanosleep", 30*ms),
						code(101, 101, func(st *history.Stack) {
							st.Frames[1] = fmt.Sprintf("pay (app.py:%d)", t/(100*ms))
						}))
				})), wanted{state: Busy, label: Saturated}},

		{"coroutines that wait for one lock are one hang",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 11*s, locked("task", "lock", 3, 7))),
			wanted{state: Hung, cause: CauseMutex, began: 5 * s, detected: 10 * s,
				says: "3 tasks wait for the lock registry"}},
		{"coroutines that wait for a connection of one pool are one hang",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 11*s, locked("task", "pool", 3, 7))),
			wanted{state: Hung, cause: CausePool, began: 5 * s, detected: 10 * s, says: "a connection of registry"}},
		{"before that they are suspected, for each waits for another",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 7*s, locked("task", "lock", 3, 7))),
			wanted{state: Suspect}},
		{"one coroutine at a lock hangs when it is older than work may be",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(1, 16*s, locked("task", "lock", 1, 7))),
			wanted{state: Hung, cause: CauseMutex, began: 5 * s, detected: 15 * s}},
		{"coroutines that sleep never hang", script(pool(1), healthy(1, 101, 1*s, 5*s),
			loopWith(3, 30*s, locked("task", "sleep", 3, 7))), wanted{state: Busy, label: Awaiting}},
		{"coroutines that wait for an event never hang",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 30*s, locked("task", "event", 3, 7))),
			wanted{state: Busy, label: Awaiting}},
		{"coroutines that wait for a future never hang",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 30*s, locked("task", "future", 3, 7))),
			wanted{state: Busy, label: Awaiting}},
		{"goroutines that wait for one lock are one hang",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 11*s, locked("goroutine", "lock", 3, 7))),
			wanted{state: Hung, cause: CauseMutex, began: 5 * s, detected: 10 * s, says: "3 goroutines wait"}},
		{"goroutines that wait for a channel never hang",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(3, 30*s, locked("goroutine", "channel", 3, 7))),
			wanted{state: Busy, label: Awaiting}},

		{"a loop that waits for events beside unanswered requests is a long poll at first",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(2, 9*s, nothing)), wanted{state: Busy, label: LongPoll}},
		{"and unknown after 5 s, for nobody sees what for",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(2, 30*s, nothing)),
			wanted{state: Unknown, says: "2 requests unanswered"}},
		{"one that waits for other servers is called so",
			script(pool(1), healthy(1, 101, 1*s, 5*s), loopWith(2, 30*s, func(t time.Duration) []history.Event {
				return []history.Event{history.Upstream{PID: 101,
					Waits: []history.Unanswered{{Remote: "10.0.0.9:80", Count: 2, Oldest: t - 5*s}}}}
			})), wanted{state: Busy, label: Relaying}},
		{"what may not be read makes a worker unknown that seems idle",
			script(pool(1), at(500*ms, history.Unseen{PID: 101, What: "its connections", Allow: "run as root",
				Hides: true}), free(101, 1*s, 3*s)),
			wanted{state: Unknown, says: "its connections may not be read (run as root)"}},
		{"what may not be read and hides nothing makes none unknown",
			script(pool(1), at(500*ms, history.Unseen{PID: 101, What: "its kernel stack"}), free(101, 1*s, 3*s)),
			wanted{state: Idle}},

		{"short requests that all pause on one line, with others behind them, are no hang in the moment between two",
			script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(5*s, 16*s),
				every(5*s, 16*s, func(t time.Duration) []history.Event {
					w := inside(101)
					if t%(300*ms) != 0 { // else it is seen between two
						w = inside(101, 20*ms)
					}
					w.LeastAge = true // of a unix socket the kernel keeps no age
					return look(101, w, stands(101, 101, "clock_nanosleep", 10*ms),
						code(101, 101, func(st *history.Stack) {
							st.Pool, st.Request = true, &history.Request{Method: "GET", Path: "/"}
						}))
				})), wanted{state: Busy}},

		{"a queue's worker whose short jobs all pause on one line is busy, however long",
			script(queueWorker(1*s, 16*s, func(t time.Duration) []history.Event {
				return []history.Event{stands(101, 101, "clock_nanosleep", 90*ms), pausing(101, fmt.Sprint("job-", t/s))}
			})), wanted{state: Busy}},
		{"what it does was last read in a job before this one: it works",
			script(queueWorker(1*s, 5700*ms, func(t time.Duration) []history.Event {
				if t%(2*s) != 0 {
					return []history.Event{stands(101, 101, "recvfrom", 90*ms)}
				}
				return []history.Event{stands(101, 101, "recvfrom", 90*ms), pausing(101, fmt.Sprint("job-", t/s))}
			})), wanted{state: Busy}},
		{"one job that pauses there again and again hangs at 10 s",
			script(queueWorker(1*s, 16*s, func(time.Duration) []history.Event {
				return []history.Event{stands(101, 101, "clock_nanosleep", 90*ms), pausing(101, "job-1")}
			})), wanted{state: Hung, cause: CausePolling, began: 1 * s, detected: 11 * s}},
		{"a queue's worker that is proven to wait for tasks is idle",
			script(queueWorker(1*s, 20*s, func(t time.Duration) []history.Event {
				th := stands(101, 101, "epoll_wait", t-1*s)
				th.Idle, th.For = true, "parent"
				return []history.Event{th}
			})), wanted{state: Idle}},
		{"a queue's worker of which nothing proves that it waits for tasks is unknown",
			script(queueWorker(1*s, 5*s, func(t time.Duration) []history.Event {
				th := stands(101, 110, "futex", t-1*s)
				return []history.Event{th, code(101, 110, func(st *history.Stack) { st.Own = 0 })}
			})), wanted{state: Unknown, says: "no listening socket"}},
		{"a queue's worker at a task of its queue hangs when that is older than work may be",
			script(queueWorker(1*s, 5*s, func(t time.Duration) []history.Event {
				return []history.Event{stands(101, 101, "epoll_wait", 1*s),
					code(101, 101, func(st *history.Stack) { st.Idle = true })}
			}), every(5*s, 16*s, func(t time.Duration) []history.Event {
				return look(101, sample(1, 101, func(*history.WorkerSample) {}), stands(101, 101, "recvfrom", t-5*s+10*ms),
					code(101, 101, func(st *history.Stack) {
						st.Request = &history.Request{Path: "tasks.fetch", ID: "5f0c"}
					}))
			})), wanted{state: Hung, cause: CauseUnknown, began: 5*s - 10*ms, detected: 15 * s}},
		{"a queue's worker that computes is not idle, and not unknown",
			script(queueWorker(1*s, 5*s, func(t time.Duration) []history.Event {
				return []history.Event{history.ThreadSample{PID: 101, TID: 101, State: "R", Syscall: "running"}}
			})), wanted{state: Busy}},
		{"a boot beside a worker that serves is slow", script(queueWorker(1*s, 8*s, func(t time.Duration) []history.Event {
			return []history.Event{stands(101, 101, "recvfrom", t-1*s), upstream(101, "10.0.0.9:5432", t-1*s)}
		}), at(0, history.WorkerSeen{PID: 102, Worker: 2}), healthy(2, 102, 1*s, 8*s)), wanted{state: Busy, label: Slow}},
		{"a computation without end that shares its processor with many is excused at first",
			script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(5*s, 9*s), starving(9*s)),
			wanted{state: Busy, label: Starved}},
		{"but not once it has had a processor for a second, and lasts for five, while others wait",
			script(pool(1), healthy(1, 101, 1*s, 5*s), backlog(5*s, 14*s), starving(14*s)),
			wanted{state: Hung, cause: CauseCPU, began: 5 * s, detected: 10 * s}},
		{"but not once its request is older than work may be", script(pool(1), healthy(1, 101, 1*s, 5*s), starving(17*s)),
			wanted{state: Hung, cause: CauseCPU, began: 5 * s, detected: 15 * s}},
		{"one wait with a time limit that is tried again keeps its name",
			script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 16*s, func(t time.Duration) []history.Event {
				th := stands(101, 101, "poll", 30*ms)
				return look(101, inside(101, t-5*s), th, upstream(101, "10.0.0.9:80", 30*ms),
					code(101, 101, func(*history.Stack) {}))
			})), wanted{state: Hung, cause: CauseSocket, began: 5 * s, detected: 15 * s, says: "10.0.0.9:80"}},
		{"a boot that nobody survives hangs after 5 s", script(queueWorker(1*s, 8*s, func(t time.Duration) []history.Event {
			return []history.Event{stands(101, 101, "recvfrom", t-1*s), upstream(101, "10.0.0.9:5432", t-1*s)}
		})), wanted{state: Hung, cause: CauseSocket, began: 1 * s, detected: 6 * s, says: "it has not become ready"}},
	} {
		check(t, row.name, fold(row.h), row.want)
	}
}

// check compares worker 1 and the incidents with what is wanted.
func check(t *testing.T, name string, f *Fold, want wanted) {
	t.Helper()
	w := f.Workers()[0]
	if w.State != want.state || w.Label != want.label {
		t.Errorf("%s: got %s %q (%s), want %s %q", name, w.State, w.Label, w.Reason, want.state, want.label)
	}
	got := f.Incidents()
	if want.cause == "" {
		if len(got) != 0 {
			t.Errorf("%s: got %+v, want no incident", name, got)
		}
		if !strings.Contains(w.Reason, want.says) {
			t.Errorf("%s: got the reason %q, want one that says %q", name, w.Reason, want.says)
		}
		return
	}
	causes := map[string]bool{}
	victims := 0
	for _, in := range got {
		causes[in.Cause.Kind] = true
		victims += len(in.Victims)
	}
	if len(got) == 0 || len(causes) != 1 || !causes[want.cause] || victims != max(want.victims, 1) {
		t.Errorf("%s: got %+v, want a hang by %s of %d", name, got, want.cause, max(want.victims, 1))
		return
	}
	in := got[0]
	if (in.Began-want.began).Abs() > 20*ms || in.Detected < want.detected || in.Detected > want.detected+250*ms {
		t.Errorf("%s: began %v, detected %v; want %v, %v", name, in.Began, in.Detected, want.began, want.detected)
	}
	if !strings.Contains(in.Cause.Sentence, want.says) {
		t.Errorf("%s: %q does not say %q", name, in.Cause.Sentence, want.says)
	}
}
