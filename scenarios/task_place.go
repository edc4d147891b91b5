package scenarios

import "slices"

// A TaskPlace is one place where the reference server may keep its tasks: the row that says which program has it.
type TaskPlace struct {
	Name    string
	Program string // a program that has it beside all the others of hangtime
	Prefix  string // of the server's options that say how its tasks are tried
}

// TaskPlaces are all there are; the first is the default.
func TaskPlaces() []TaskPlace {
	return []TaskPlace{
		{"memory", "hangtime", "task"},
		{"jetstream", "hangtime", "task"},
		{"redis", "hangtime-redis", "redis"},
		{"rabbitmq", "hangtime-rabbitmq", "rabbitmq"},
		{"temporal", "hangtime-temporal", "temporal"},
	}
}

// TaskPlaceOf is the row of a name; the empty one is the default.
func TaskPlaceOf(name string) TaskPlace {
	all := TaskPlaces()
	if name == "" {
		return all[0]
	}
	if i := slices.IndexFunc(all, func(p TaskPlace) bool { return p.Name == name }); i >= 0 {
		return all[i]
	}
	return TaskPlace{Name: name}
}
