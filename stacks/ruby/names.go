package ruby

// rowSize is how many IDs share one row of the table of symbols (symbol.c: ID_ENTRY_UNIT); each has two places, its
// text and its Symbol.
const rowSize = 512

// names are those of methods, variables and classes; they are kept from one look to the next.
type names struct {
	symbols uint64 // address of the table of symbols; 0: not found
	ids     map[uint64]string
	classes map[uint64]string
	methods map[uint64]string
}

func newNames() *names {
	n := &names{}
	n.forget()
	return n
}

func (n *names) forget() {
	n.ids, n.classes, n.methods = map[uint64]string{}, map[uint64]string{}, map[uint64]string{}
}

// size is how many are kept.
func (n *names) size() int { return len(n.ids) + len(n.classes) + len(n.methods) }

// id is the text of an ID (a method's or a variable's name). Without the table of symbols it is empty.
func (n *names) id(view memory, id uint64) string {
	if n.symbols == 0 || id == 0 {
		return ""
	}
	name, known := n.ids[id]
	if !known {
		name = serial(view, n.symbols, id)
		if !view.Spent() {
			n.ids[id] = name
		}
	}
	return name
}

// serial is the text of an ID by a table of symbols.
func serial(view memory, symbols, id uint64) string {
	number := id
	if number > view.layout.lastOperator {
		number >>= 4 // RUBY_ID_SCOPE_SHIFT
	}
	if number>>32 != 0 {
		return ""
	}
	row := element(view, view.Word(symbols+symbolsIDs), number/rowSize)
	return text(view, element(view, row, number%rowSize*2))
}

// rb_symbols_t (symbol.c): the last number, a table, and the rows.
const (
	symbolsIDs  = 16
	symbolsSize = 24
)

// class is the name of a class or a module; empty where it has none, as a singleton class, or where it cannot be read.
func (n *names) class(view memory, class uint64) string {
	if _, kind := object(view, class); kind != typeClass && kind != typeModule {
		return ""
	}
	if name, known := n.classes[class]; known {
		return name
	}
	name := ""
	switch l := view.layout.class; {
	case l.path != 0:
		name = text(view, view.Word(class+uint64(l.path)))
	case l.ivars != 0:
		for _, v := range pairs(view, view.Word(view.Word(class+classExt)+uint64(l.ivars))) {
			if n.id(view, v.key) == "__classpath__" {
				name = text(view, v.value)
				break
			}
		}
	}
	if !view.Spent() {
		n.classes[class] = name
	}
	return name
}

// method is the name of a function in C as Ruby writes it: "Thread::Queue#pop", "Process.wait"; only "pop" where its
// class has no name.
func (n *names) method(view memory, entry, self uint64) string {
	if name, known := n.methods[entry]; known {
		return name
	}
	b := view.Block(entry, methodSize)
	if flags := b.Word(0); flags&0x1f != typeIMemo || kindOf(flags) != kindMethod {
		return ""
	}
	name := n.id(view, view.Word(b.Word(methodDef)+definitionID))
	if name == "" {
		name = n.id(view, b.Word(methodID))
	}
	if name == "" {
		return ""
	}
	if owner := n.class(view, b.Word(methodOwner)); owner != "" {
		name = owner + "#" + name
		if !view.Spent() {
			n.methods[entry] = name
		}
		return name
	}
	if module := n.class(view, self); module != "" { // called on a class or a module itself
		return module + "." + name
	}
	return name
}
