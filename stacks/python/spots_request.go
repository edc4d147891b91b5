package python

import "strings"

// tellsRequest says whether a local variable may tell what its function works on.
func tellsRequest(name, place string) bool {
	switch name {
	case "environ", "env", "scope", "request", "req":
		return true
	case "job":
		return strings.HasPrefix(place, "rq/")
	case "uuid", "name":
		return place == "celery/app/trace.py"
	case "task":
		return place == "celery/app/trace.py" || taskSpotAt(name, place) != nil
	case "self":
		return place == "tornado/web.py"
	case "ctx": // what arq gives a job's function; its own functions hand it on
		return !strings.HasPrefix(place, "arq/")
	}
	return taskSpotAt(name, place) != nil
}

// A taskSpot is a local variable that is a task of a queue in the functions of a file, with the attributes that say
// what it is called and its id.
type taskSpot struct{ place, variable, name, id string }

// taskSpots are read in the sources of dramatiq 1.17 and 2.2, huey 3.5 and taskiq 0.11.
func taskSpots() []taskSpot {
	return []taskSpot{
		{"dramatiq/worker.py", "message", "_message.actor_name", "_message.message_id"},
		{"huey/api.py", "task", "name", "id"},
		{"taskiq/receiver/receiver.py", "message", "task_name", "task_id"},
	}
}

// taskSpotAt is the row of a variable in a file; nil: none.
func taskSpotAt(variable, place string) *taskSpot {
	for _, one := range taskSpots() {
		if one.variable == variable && one.place == place {
			return &one
		}
	}
	return nil
}
