package ruby

import "github.com/hangtime-dev/hangtime/stacks/foreign"

// rowSize is how many IDs share one row of the table of symbols (symbol.c: ID_ENTRY_UNIT); each has two places, its
// text and its Symbol.
const rowSize = 512

// id is the text of an ID (a method's or a variable's name). Without the table of symbols it is empty.
func (r *reader) id(view *foreign.View, id uint64) string {
	if r.symbols == 0 || id == 0 {
		return ""
	}
	name, known := r.ids[id]
	if !known {
		name = r.serial(view, r.symbols, id)
		if !view.Spent() {
			r.ids[id] = name
		}
	}
	return name
}

func (r *reader) serial(view *foreign.View, symbols, id uint64) string {
	number := id
	if number > r.layout.lastOperator {
		number >>= 4 // RUBY_ID_SCOPE_SHIFT
	}
	if number>>32 != 0 {
		return ""
	}
	row := element(view, view.Word(symbols+symbolsIDs), number/rowSize)
	return r.text(view, element(view, row, number%rowSize*2))
}

// rb_symbols_t (symbol.c): the last number, a table, and the rows.
const (
	symbolsIDs  = 16
	symbolsSize = 24
)

// class is the name of a class or a module; empty where it has none, as a singleton class, or where it cannot be read.
func (r *reader) class(view *foreign.View, class uint64) string {
	if _, kind := object(view, class); kind != typeClass && kind != typeModule {
		return ""
	}
	if name, known := r.classes[class]; known {
		return name
	}
	name := ""
	switch l := r.layout.class; {
	case l.path != 0:
		name = r.text(view, view.Word(class+uint64(l.path)))
	case l.ivars != 0:
		for _, v := range pairs(view, view.Word(view.Word(class+classExt)+uint64(l.ivars))) {
			if r.id(view, v.key) == "__classpath__" {
				name = r.text(view, v.value)
				break
			}
		}
	}
	if !view.Spent() {
		r.classes[class] = name
	}
	return name
}

// method is the name of a function in C as Ruby writes it: "Thread::Queue#pop", "Process.wait"; only "pop" where its
// class has no name.
func (r *reader) method(view *foreign.View, entry, self uint64) string {
	if name, known := r.methods[entry]; known {
		return name
	}
	b := view.Block(entry, methodSize)
	if flags := b.Word(0); flags&0x1f != typeIMemo || kindOf(flags) != kindMethod {
		return ""
	}
	name := r.id(view, view.Word(b.Word(methodDef)+definitionID))
	if name == "" {
		name = r.id(view, b.Word(methodID))
	}
	if name == "" {
		return ""
	}
	if owner := r.class(view, b.Word(methodOwner)); owner != "" {
		name = owner + "#" + name
		if !view.Spent() {
			r.methods[entry] = name
		}
		return name
	}
	if module := r.class(view, self); module != "" { // called on a class or a module itself
		return module + "." + name
	}
	return name
}
