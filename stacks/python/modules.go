package python

// A found is where a module was, and what sys.modules was then.
type found struct {
	modules    uint64 // the dict
	used, keys uint64 // how many it has, and where it keeps them: a module more or less changes one of the two
	module     uint64 // 0: it had not been imported
}

// moduleDict is the dict of a module that the interpreter has imported; 0: it has not.
func (r *Reader) moduleDict(name string) uint64 {
	if dict, known := r.moduleDicts[name]; known {
		return dict
	}
	dict := uint64(0)
	for _, interpreter := range r.interpreters {
		if module := r.module(r.mem.word(interpreter+r.layout.modules), name); module != 0 {
			const moduleOwn = 16 // md_dict
			dict = r.mem.word(module + moduleOwn)
			break
		}
	}
	r.moduleDicts[name] = dict
	return dict
}

// module looks a name up in sys.modules. A program has hundreds of modules and seldom one more, so what was found is
// kept from look to look.
func (r *Reader) module(modules uint64, name string) uint64 {
	if !r.typeOf(modules).has(isDict) {
		return 0
	}
	const dictUsed, dictKeys = 16, 32 // ma_used, ma_keys
	now := found{modules: modules, used: r.mem.word(modules + dictUsed), keys: r.mem.word(modules + dictKeys)}
	if was, known := r.modules[name]; known && was.modules == modules && was.used == now.used && was.keys == now.keys {
		return was.module
	}
	now.module = r.lookup(modules, name)
	if r.modules == nil {
		r.modules = map[string]found{}
	}
	r.modules[name] = now
	return now.module
}
