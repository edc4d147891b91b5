package python

// A bootSpot is a function in which a server runs the start of its application.
type bootSpot struct {
	spot
	over string // attribute of its own object: the asyncio.Event that says that the start is over; empty: it is while this runs
}

// bootSpots are read in the sources of uvicorn 0.34 to 0.54, hypercorn 0.18, granian 2.8 and aiohttp 3.
func bootSpots() []bootSpot {
	return []bootSpot{
		{spot{"uvicorn/lifespan/on.py", "LifespanOn.main"}, "startup_event"},
		{spot{"hypercorn/asyncio/lifespan.py", "Lifespan.handle_lifespan"}, "startup"},
		{spot{"granian/asgi.py", "LifespanProtocol.handle"}, "event_startup"},
		{spot{"aiohttp/web_app.py", "Application.startup"}, ""},
	}
}

// boots says whether a task is at the start of its application.
func (ts *taskReader) boots(frames []stackFrame) bool {
	for _, f := range frames {
		for _, one := range f.code.said.boots {
			if !ts.unwinder.runs(f, one.spot) {
				continue
			}
			if one.over == "" {
				return true
			}
			over, known := ts.objects.number(ts.objects.at(ts.unwinder.own(f), one.over+"._value"))
			return known && over == 0
		}
	}
	return false
}
