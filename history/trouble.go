package history

import (
	"bytes"
	"encoding/json"
)

// Trouble is something that hangtime itself could not do or see.
type Trouble struct {
	Component string `json:"component"` // the part of hangtime that says so: "probe", "run", …
	Text      string `json:"text"`
	Weight    Weight `json:"weight,omitempty"`
}

// A Weight says what a Trouble does to what was measured while it lasted.
type Weight string

const (
	// Voids: what was measured cannot be relied on, and every check that rests on it is unknown, never passed. It is
	// the weight of a trouble that names none.
	Voids Weight = ""
	// Harmless: the same was done in another way, slower or dearer, and nothing was lost. It is told and changes no
	// judgement.
	Harmless Weight = "harmless"
)

// Voids says whether nothing that was measured beside it can be relied on. A weight of a later version counts as that:
// better unknown than passed.
func (t Trouble) Voids() bool { return t.Weight != Harmless }

// UnmarshalJSON reads also recordings of format 1, which call the component room.
func (t *Trouble) UnmarshalJSON(text []byte) error {
	type plain Trouble // without this method
	var read struct {
		plain
		Room string `json:"room"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&read); err != nil {
		return err
	}
	*t = Trouble(read.plain)
	if t.Component == "" {
		t.Component = read.Room
	}
	return nil
}

func (Trouble) kind() string { return "trouble" }
