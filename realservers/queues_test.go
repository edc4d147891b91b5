//go:build realservers

package realservers

import (
	"bytes"
	"os/exec"
	"strings"
	"time"
)

// queueCases: workers of queues, which listen nowhere.
func queueCases() []realCase {
	return []realCase{
		{
			name: "Celery: two of three processes wait for an answer", worlds: both,
			serve: with(redisServer, deafUpstream, celery),
			hang:  tasks("the feed was asked", "tasks.quick.delay(); tasks.fetch.delay(); tasks.fetch.delay()"),
			after: hungLong,
			want: want{state: "hung", hung: 2, kinds: anAnswer, at: "tasks.py#fetch",
				says: []string{`127\.0\.0\.1:${UPSTREAM}`}, silent: []string{`^healthy`}},
		},
		{
			name: "Celery: its broker is stopped", worlds: both, serve: with(redisServer, celery),
			hang: func(s *stage) { stop(s, s.broker) }, after: 2 * time.Second,
			want: want{free: true, says: []string{`unknown: .*redis-server.* is stopped`, `note: .*redis-server`},
				silent: []string{`^healthy`}},
		},
		{
			name: "Celery: a process waits for a lock that it has itself", worlds: both,
			serve: with(redisServer, celery),
			hang:  tasks("the stock was counted", "tasks.quick.delay(); tasks.count.delay()"), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aLock, at: "tasks.py#count", silent: []string{`^healthy`}},
		},
		{
			name: "healthy: Celery has many short tasks, each of which pauses at one line", worlds: both,
			serve: with(redisServer, celery),
			hang:  tasks("the first page was sent", "[tasks.page.delay(n) for n in range(300)]"), after: hungLong,
			want: want{says: []string{`tasks\.page`}},
		},
		{
			name: "healthy: Celery acknowledges early, and has nothing to do", worlds: both, serve: with(redisServer, celery),
			want: want{says: []string{`note: Celery acknowledges a task when it begins \(acks_late is off for tasks\.\w+, .*\): .*docs\.celeryq\.dev`}},
		},
		{
			name: "healthy: Celery gives tasks out again", worlds: both,
			serve: with(redisServer, func(s *stage) { s.set("ACKS", "late"); celery(s) }),
			want:  want{silent: []string{`note:`}},
		},
		{
			name: "healthy: a worker by its own loop waits for the next job of Redis", worlds: both,
			serve: with(redisServer, func(s *stage) {
				s.serve(s.tool("python3"), s.app("python/own_loop.py"))
				s.said(s.server, "ready")
			}), after: hungLong,
		},
		{
			name: "RQ: the process of a job waits for an answer", worlds: both,
			serve: with(redisServer, deafUpstream, rq),
			hang:  jobs("the feed was asked", "queue.enqueue(jobs.fetch, job_timeout=600)"), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "jobs.py#fetch",
				says:   []string{`127\.0\.0\.1:${UPSTREAM}`, `note: RQ gives a job one try \(jobs\.fetch .*python-rq\.org`},
				silent: []string{`^healthy`}},
		},
		{
			name: "RQ: the process of a job, of a worker of a pool, waits for an answer", worlds: today,
			serve: with(redisServer, deafUpstream, rqPool),
			hang:  jobs("the feed was asked", "queue.enqueue(jobs.fetch, job_id='feed-7', job_timeout=600)"), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: aChild, at: "jobs.py#fetch",
				says:   []string{`request: +jobs\.fetch feed-7`, `waiting for 127\.0\.0\.1:${UPSTREAM} in fetch`},
				silent: []string{`^healthy`, `wait_for_horse`}},
		},
		{
			name: "Huey: one of two processes waits for an answer", worlds: today,
			serve: with(redisServer, deafUpstream, huey("-w", "2", "-k", "process")),
			hang:  errands("the feed was asked", "errands.fetch()"), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "errands.py#fetch",
				says: []string{`request: +fetch `, `127\.0\.0\.1:${UPSTREAM}`}, silent: []string{`^healthy`}},
		},
		{
			name: "healthy: the threads of Huey wait for tasks", worlds: today,
			serve: with(redisServer, deafUpstream, huey("-w", "3", "-k", "thread")),
			hang:  errands("the quick one is done", "errands.quick()"), after: hungLong,
		},
	}
}

// huey starts a consumer with workers of its own.
func huey(args ...string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.app("python/errands.py")
		s.serve(append([]string{s.tool("huey_consumer"), "errands.queue"}, args...)...)
		s.said(s.server, "Huey consumer started")
	}
}

func errands(says, calls string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.hand("import errands; "+calls, says)
	}
}

// celery starts a worker with three processes, and has them do something first.
func celery(s *stage) {
	s.t.Helper()
	s.app("python/tasks.py")
	s.python("celery", "-A", "tasks", "worker", "-c", "3", "-l", "INFO", "--without-gossip", "--without-mingle")
	s.said(s.server, "ready.")
	s.children(3)
}

func rq(s *stage) {
	s.t.Helper()
	s.app("python/jobs.py")
	s.serve(s.tool("rq"), "worker", "-u", "redis://127.0.0.1:"+s.value("REDIS"), "--path", s.dir)
	s.said(s.server, "Listening on default")
}

func rqPool(s *stage) {
	s.t.Helper()
	s.app("python/jobs.py")
	s.serve(s.tool("rq"), "worker-pool", "-n", "2", "-u", "redis://127.0.0.1:"+s.value("REDIS"), "--path", s.dir)
	s.until("two workers listen", func() bool { return strings.Count(tail(s.server.log), "Listening on default") == 2 })
}

// tasks hands tasks to Celery and waits until a worker says that it stands.
func tasks(says, calls string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.hand("import tasks; "+calls, says)
	}
}

func jobs(says, calls string) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		s.hand("import os, redis, rq, jobs; queue = rq.Queue(connection=redis.Redis(port=int(os.environ['REDIS']))); "+
			calls, says)
	}
}

func (s *stage) hand(script, says string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.tool("python3"), "-c", script)
	cmd.Dir, cmd.Env = s.dir, append(s.ownEnvironment(), s.env...)
	s.begins() // a worker may have taken it before the one who hands it over has ended
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("hand over: %v\n%s", err, bytes.TrimSpace(out))
	}
	if says == "" {
		s.wait(time.Second)
		return
	}
	s.said(s.server, says)
	s.begins()
}
