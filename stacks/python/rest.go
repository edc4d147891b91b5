package python

// findMains finds the tasks that loops run until they end: those of asyncio.run and run_until_complete.
func (ts *taskReader) findMains() {
	ts.mains = map[uint64]bool{}
	for _, t := range ts.runtime.threads {
		for _, f := range t.frames {
			if runsLoop(f.code) {
				ts.mains[ts.unwinder.mainTask(f)] = true
			}
		}
	}
}

// runsLoop says whether a function runs a loop until a task ends.
func runsLoop(c *codeObject) bool {
	return c.place == "asyncio/base_events.py" && method(c.function) == "run_until_complete" ||
		c.place == "asyncio/runners.py" && method(c.function) == "run"
}

// mainTask is the task that such a function's loop ends with.
func (u *unwinder) mainTask(f stackFrame) uint64 {
	if f.code.place == "asyncio/runners.py" {
		return u.variable(f, "task")
	}
	return u.variable(f, "future")
}

// rests says whether a task that waits is at no work: a server's or a library's own, the program's while that serves,
// or one of the application's that does something from time to time.
func (ts *taskReader) rests(t *asyncTask) bool {
	application := false
	for _, f := range t.frames {
		if awaitedIdle(f.code) {
			return true
		}
		application = application || !f.code.library
	}
	if t.work.Request.Path != "" {
		return false
	}
	return !application || ts.mains[t.at] && waitsForEnd(t.work.Wait.On) || ts.pauses(t)
}

// waitsForEnd says whether the program's own task waits for what ends it, or for others, which tell for themselves.
func waitsForEnd(on string) bool {
	switch on {
	case "event", "future", "task", "sleep":
		return true
	}
	return false
}

// pauses says whether the function that a task was made of sleeps itself, has nothing that it would give back, and
// talks to no client.
func (ts *taskReader) pauses(t *asyncTask) bool {
	if t.work.Wait.On != "sleep" || len(t.frames) != 2 {
		return false
	}
	for _, value := range ts.unwinder.kept(t.frames[1]) {
		switch ts.objects.typeOf(value).name {
		case "method", "builtin_function_or_method", "function": // __aexit__ of what it is inside of
			return false
		}
	}
	for i := range t.frames[1].code.names {
		value := ts.unwinder.variableAt(t.frames[1], i)
		if ts.objects.derives(ts.objects.typeOf(value), "StreamWriter") || ts.objects.attribute(value, "transport") != 0 {
			return false
		}
	}
	return true
}

// awaitedIdle are where a server's own task waits for what is no piece of work, though an application's frame may be
// below: uvicorn 0.34, hypercorn 0.18, aiohttp 3.
func awaitedIdle(c *codeObject) bool {
	switch c.place {
	case "aiohttp/web_protocol.py":
		return method(c.function) == "start" // the request is another task's
	case "uvicorn/server.py":
		return method(c.function) == "main_loop" || method(c.function) == "on_tick"
	case "uvicorn/lifespan/on.py":
		return method(c.function) == "receive"
	case "hypercorn/asyncio/lifespan.py":
		return method(c.function) == "asgi_receive"
	case "hypercorn/asyncio/run.py":
		return method(c.function) == "worker_serve"
	}
	return false
}
