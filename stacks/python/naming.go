package python

// A naming is a question that many pieces of work have: what a function calls an object.
type naming struct {
	code   *codeObject
	object uint64
}

// A nameReader finds what the application calls things.
type nameReader struct {
	objects  *objectReader
	unwinder *unwinder
	// Of the current look.
	known   map[naming]string
	globals map[uint64]map[uint64]uint64 // module's dict → object → its name there
}

// begin forgets the names of the last look.
func (n *nameReader) begin() {
	n.known, n.globals = map[naming]string{}, map[uint64]map[uint64]uint64{}
}

// nameOf is what a function calls an object: a local variable, an attribute of its own object, a global.
func (n *nameReader) nameOf(f stackFrame, object uint64) string {
	if object == 0 {
		return ""
	}
	key := naming{f.code, object}
	name, known := n.known[key]
	if !known {
		name = n.findName(f, object)
		n.known[key] = name
	}
	return name
}

func (n *nameReader) findName(f stackFrame, object uint64) string {
	for i, name := range f.code.names {
		if name != "self" && n.unwinder.variableAt(f, i) == object {
			return name
		}
	}
	name := ""
	find := func(key, value uint64) bool {
		if value == object {
			name = n.objects.text(key)
		}
		return name == ""
	}
	if own := n.unwinder.own(f); own != 0 {
		n.objects.eachAttribute(own, find)
	}
	if name == "" {
		name = n.objects.text(n.globalNames(n.unwinder.globals(f))[object])
	}
	return name
}

// globalNames are the names of a module's globals by the objects that they stand for, read once a look: many tasks
// may wait each for its own.
func (n *nameReader) globalNames(dict uint64) map[uint64]uint64 {
	names, known := n.globals[dict]
	if !known {
		names = map[uint64]uint64{}
		n.objects.each(dict, func(key, value uint64) bool {
			if names[value] == 0 {
				names[value] = key
			}
			return true
		})
		n.globals[dict] = names
	}
	return names
}
