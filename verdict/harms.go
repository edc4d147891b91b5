package verdict

// harms are the faults of a variant, and what became of each.
type harms struct {
	order []string // as asked
	byID  map[string]*harm
}

type harm struct {
	kind   string
	effect bool
	failed string
	healed bool
	sure   bool // the healing was seen
}

func newHarms() harms { return harms{byID: map[string]*harm{}} }

func (h *harms) asked(id, kind string) {
	h.order = append(h.order, id)
	h.byID[id] = &harm{kind: kind}
}

func (h *harms) of(id string) *harm {
	if h.byID[id] == nil {
		h.asked(id, "")
	}
	return h.byID[id]
}

// lacking says why the faults did not do what the scenario wanted; empty: each took effect.
func (h *harms) lacking(planned int) []string {
	if planned == 0 {
		return nil
	}
	if len(h.order) == 0 {
		return []string{"no fault was ever asked for"}
	}
	var why []string
	for _, id := range h.order {
		switch one := h.byID[id]; {
		case one.failed != "":
			why = append(why, "fault "+id+" ("+one.kind+") failed: "+one.failed)
		case !one.effect:
			why = append(why, "fault "+id+" ("+one.kind+") was never seen in effect")
		case one.healed && !one.sure:
			why = append(why, "fault "+id+" ("+one.kind+") was told to end but not seen to")
		}
	}
	return why
}
