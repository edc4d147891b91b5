package python

import "strings"

// tellsRequest says whether a local variable may tell what its function works on.
func tellsRequest(name, place string) bool {
	switch name {
	case "environ", "env", "scope", "request", "req":
		return true
	case "job":
		return strings.HasPrefix(place, "rq/")
	case "uuid", "name", "task":
		return place == "celery/app/trace.py"
	case "self":
		return place == "tornado/web.py"
	}
	return false
}
