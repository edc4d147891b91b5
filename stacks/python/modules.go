package python

// A foundModule is where a module was, and what sys.modules was then.
type foundModule struct {
	modules    uint64 // the dict
	used, keys uint64 // how many it has, and where it keeps them: a module more or less changes one of the two
	module     uint64 // 0: it had not been imported
}

// A moduleReader finds the modules of a process.
type moduleReader struct {
	mem          *snapshot
	layout       *layout
	objects      *objectReader
	interpreters []uint64               // of the current look
	dicts        map[string]uint64      // of the current look, by the module's name
	found        map[string]foundModule // by name
}

func newModuleReader(o *objectReader) *moduleReader {
	return &moduleReader{mem: o.mem, layout: o.layout, objects: o, found: map[string]foundModule{}}
}

// begin forgets what the last look found.
func (m *moduleReader) begin() {
	m.dicts, m.interpreters = map[string]uint64{}, m.interpreters[:0]
}

// global is what a module has under a name.
func (m *moduleReader) global(module, name string) uint64 {
	return m.objects.lookup(m.moduleDict(module), name)
}

// moduleDict is the dict of a module that the interpreter has imported; 0: it has not.
func (m *moduleReader) moduleDict(name string) uint64 {
	if dict, known := m.dicts[name]; known {
		return dict
	}
	dict := uint64(0)
	for _, interpreter := range m.interpreters {
		if module := m.module(m.mem.word(interpreter+m.layout.interpreter.modules), name); module != 0 {
			const moduleOwn = 16 // md_dict
			dict = m.mem.word(module + moduleOwn)
			break
		}
	}
	m.dicts[name] = dict
	return dict
}

// module looks a name up in sys.modules. A program has hundreds of modules and seldom one more, so what was found is
// kept from look to look.
func (m *moduleReader) module(modules uint64, name string) uint64 {
	if !m.objects.typeOf(modules).has(isDict) {
		return 0
	}
	const dictUsed, dictKeys = 16, 32 // ma_used, ma_keys
	now := foundModule{modules: modules, used: m.mem.word(modules + dictUsed), keys: m.mem.word(modules + dictKeys)}
	if was, known := m.found[name]; known && was.modules == modules && was.used == now.used && was.keys == now.keys {
		return was.module
	}
	now.module = m.objects.lookup(modules, name)
	m.found[name] = now
	return now.module
}
