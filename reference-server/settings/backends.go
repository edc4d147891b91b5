package settings

import (
	"encoding/json"
	"fmt"
)

// BackendSettings are what one backend of tasks can be told beside what all of them can.
type BackendSettings interface {
	Options() []Option         // their values point into it
	Wrong(chosen bool) []error // what is wrong with them; chosen: this is where tasks wait
}

// A known backend is one that tasks may wait in.
type known struct {
	name string
	make func() BackendSettings // with the defaults; nil: it has none
}

var backends []known

// AddBackend makes a backend known, before any settings are made; the first is the default.
func AddBackend(name string, defaults func() BackendSettings) {
	backends = append(backends, known{name, defaults})
}

func backendNames() []string {
	var names []string
	for _, b := range backends {
		names = append(names, b.name)
	}
	return names
}

// Backends are the settings of each backend that has some, by its name.
type Backends map[string]BackendSettings

func newBackends() Backends {
	all := Backends{}
	for _, b := range backends {
		if b.make != nil {
			all[b.name] = b.make()
		}
	}
	return all
}

// inOrder are those that there are, in the order in which they were made known.
func (b Backends) inOrder() (names []string, all []BackendSettings) {
	for _, one := range backends {
		if s, ok := b[one.name]; ok {
			names, all = append(names, one.name), append(all, s)
		}
	}
	return names, all
}

// UnmarshalJSON reads what the arbiter hands to its workers.
func (b *Backends) UnmarshalJSON(text []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	all := newBackends()
	for name, text := range raw {
		to, ok := all[name]
		if !ok {
			return fmt.Errorf("settings of an unknown backend %q", name)
		}
		if err := json.Unmarshal(text, to); err != nil {
			return err
		}
	}
	*b = all
	return nil
}
