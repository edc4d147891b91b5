package ruby

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A spot is a place in a server's own code: what its file's name ends in, and what the label of its method or block
// holds.
type spot struct{ file, label string }

func (s spot) at(f stacks.Frame) bool {
	return f.File != "" && strings.HasSuffix(f.File, s.file) && strings.Contains(f.Function, s.label)
}

// pools are where the threads begin that serve requests or work off jobs.
func pools() []spot {
	return []spot{
		{"/puma/thread_pool.rb", "spawn_thread"},
		{"/unicorn/http_server.rb", "worker_loop"},
		{"/phusion_passenger/request_handler/thread_handler.rb", "main_loop"},
		{"/thin/connection.rb", "process"},     // in the thread of its loop
		{"/webrick/server.rb", "start_thread"}, // one for each connection
		{"/sidekiq/processor.rb", "run"},
		{"/concurrent/executor/ruby_thread_pool_executor.rb", "create_worker"},
	}
}

// rests are where those threads, and a server's own, wait for the next thing to do: the innermost code that is not
// Ruby's own, and what it calls there. Tried with puma 5.6.5, unicorn 6.0.0, Passenger 6.0.17, WEBrick 1.8.1, nio4r
// 2.5.8, concurrent-ruby 1.1.6 and Ruby 3.3's timeout.
func rests() []struct {
	spot
	class   string
	methods []string
} {
	type rest = struct {
		spot
		class   string
		methods []string
	}
	return []rest{
		{spot{"/puma/thread_pool.rb", "spawn_thread"}, "ConditionVariable", []string{"wait"}},
		{spot{"/puma/thread_pool.rb", "start!"}, "Kernel", []string{"sleep"}}, // its trimmer and reaper
		{spot{"/puma/reactor.rb", ""}, "Selector", []string{"select"}},
		{spot{"/puma/server.rb", "handle_servers"}, "IO", []string{"select"}},
		{spot{"/puma/single.rb", "run"}, "Thread", []string{"join"}},
		{spot{"/puma/cluster.rb", "run"}, "IO", []string{"wait_readable", "select"}},
		{spot{"/puma/cluster/worker.rb", "run"}, "", []string{"join", "sleep", "wait_readable"}},
		{spot{"/unicorn/http_server.rb", "worker_loop"}, "IO", []string{"select"}},
		{spot{"/unicorn/http_server.rb", "master_sleep"}, "", []string{"wait", "select"}},
		{spot{"/phusion_passenger/request_handler/thread_handler.rb", "accept_and_process_next_request"}, "Server",
			[]string{"accept"}},
		{spot{"/phusion_passenger/request_handler.rb", "wait_until_termination_requested"}, "Kernel", []string{"select"}},
		{spot{"/phusion_passenger/preloader_shared_helpers.rb", "run_main_loop"}, "Kernel", []string{"select"}},
		{spot{"/webrick/server.rb", "GenericServer#start"}, "IO", []string{"select"}},
		{spot{"/webrick/httpserver.rb", "HTTPServer#run"}, "IO", []string{"wait_readable"}},
		{spot{"/webrick/utils.rb", "TimeoutHandler#watch"}, "", []string{"pop", "join"}},
		// Of the library's Timeout: it waits for the next that ends.
		{spot{"/timeout.rb", "create_timeout_thread"}, "ConditionVariable", []string{"wait"}},
		// The same in 3.1, one for each.
		{spot{"/timeout.rb", "Timeout.timeout"}, "Kernel", []string{"sleep"}},
		{spot{"/concurrent/executor/ruby_thread_pool_executor.rb", "create_worker"}, "Queue", []string{"pop"}},
	}
}

// asks are where a thread asks for its next request or job by a library that waits for the answer: Passenger, whose
// core keeps its connections to the application and sends a request whole, and sidekiq, which asks Redis.
func asks() []spot {
	return []spot{
		{"/phusion_passenger/request_handler/thread_handler.rb", "parse_session_request"},
		{"/sidekiq/fetch.rb", "retrieve_work"},
	}
}

// server says whether a thread is one of a server's pool, and whether it waits there for its next request.
func server(frames []stacks.Frame, wait stacks.Wait) (pool, idle bool) {
	for _, p := range pools() {
		for _, f := range frames {
			if p.at(f) {
				pool = true
			}
		}
	}
	if wait.On == "lock" || wait.On == "interpreter lock" { // it was woken, and has something to do
		return pool, false
	}
	inner := 0
	for inner < len(frames) && isNative(frames[inner]) {
		inner++
	}
	if inner == len(frames) || inner == 0 {
		return pool, false
	}
	for _, r := range rests() {
		if r.at(frames[inner]) && isMethod(frames[inner-1].Function, r.class, r.methods...) {
			return pool, true
		}
	}
	for _, f := range frames {
		for _, a := range asks() {
			if a.at(f) {
				return pool, true
			}
		}
	}
	return pool, false
}

// exhausted says what pool a thread waits for a free member of: puma's threads, of which it accepts no more than it can
// serve, or connections to a database. Empty: of none. Tried with puma 5.6.5 and connection_pool 2.2.5; the others are
// from their code.
func exhausted(frames []stacks.Frame) string {
	for _, p := range []struct {
		spot
		name string
	}{
		{spot{"/puma/thread_pool.rb", "wait_until_not_full"}, "puma's threads, all taken"},
		{spot{"/connection_pool/timed_stack.rb", "pop"}, "connection_pool, all taken"},
		{spot{"/abstract/connection_pool.rb", "wait_poll"}, "ActiveRecord's connections, all taken"},
		{spot{"/abstract/connection_pool/queue.rb", "wait_poll"}, "ActiveRecord's connections, all taken"},
		{spot{"/sequel/connection_pool/threaded.rb", "acquire"}, "Sequel's connections, all taken"},
	} {
		for _, f := range frames {
			if p.at(f) {
				return p.name
			}
		}
	}
	return ""
}
