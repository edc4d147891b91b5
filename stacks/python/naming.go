package python

// A naming is a question that many pieces of work have: what a function calls an object.
type naming struct {
	code   *code
	object uint64
}

// nameOf is what a function calls an object: a local variable, an attribute of its own object, a global.
func (r *Reader) nameOf(f frame, object uint64) string {
	if object == 0 {
		return ""
	}
	key := naming{f.code, object}
	name, known := r.names[key]
	if !known {
		name = r.findName(f, object)
		r.names[key] = name
	}
	return name
}

func (r *Reader) findName(f frame, object uint64) string {
	for i, name := range f.code.names {
		if name != "self" && r.variableAt(f, i) == object {
			return name
		}
	}
	name := ""
	find := func(key, value uint64) bool {
		if value == object {
			name = r.text(key)
		}
		return name == ""
	}
	if own := r.own(f); own != 0 {
		r.eachAttribute(own, find)
	}
	if name == "" {
		name = r.text(r.globalNames(r.mem.word(f.at+r.layout.globals) &^ 7)[object])
	}
	return name
}

// globalNames are the names of a module's globals by the objects that they stand for, read once a look: many tasks
// may wait each for its own.
func (r *Reader) globalNames(dict uint64) map[uint64]uint64 {
	names, known := r.globals[dict]
	if !known {
		names = map[uint64]uint64{}
		r.each(dict, func(key, value uint64) bool {
			if names[value] == 0 {
				names[value] = key
			}
			return true
		})
		r.globals[dict] = names
	}
	return names
}
