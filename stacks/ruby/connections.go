package ruby

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A method is where code is written, whatever blocks it is in: a file, and the name of a method in it.
type method struct{ file, name string }

func methodOf(f stacks.Frame) method {
	name := f.Function
	if i := strings.LastIndex(name, " in "); i >= 0 && strings.HasPrefix(name, "block") {
		name = name[i+len(" in "):]
	}
	return method{f.File, name}
}

// acceptors are the methods in which threads take connections.
func acceptors(threads []*thread) (all []method) {
	for _, t := range threads {
		inner := slices.IndexFunc(t.calls, func(c call) bool { return !c.isNative() })
		if inner > 0 && isMethod(t.calls[inner-1].Function, "Server", "accept") {
			all = append(all, methodOf(t.calls[inner].Frame))
		}
	}
	return all
}

// converses says whether a thread serves a connection of a server that has a thread for each: it began with a block of
// the method in which the connections are taken, and has one in hand.
func converses(view memory, n *names, t *thread, acceptors []method) bool {
	first := len(t.calls) - 1
	for first >= 0 && t.calls[first].isNative() {
		first--
	}
	if first < 0 || !strings.HasPrefix(t.calls[first].Function, "block") ||
		!slices.Contains(acceptors, methodOf(t.calls[first].Frame)) {
		return false
	}
	isConnection := func(values foreign.Block) bool {
		for i := 0; i+8 <= len(values); i += 8 {
			if _, kind := object(view, values.Word(i)); kind == typeFile &&
				strings.HasSuffix(n.class(view, view.Word(values.Word(i)+objectClass)), "Socket") {
				return true
			}
		}
		return false
	}
	for _, c := range t.calls {
		if c.code != nil && isConnection(variables(view, c)) {
			return true
		}
	}
	return isConnection(captured(view, t.calls[first].env))
}

// variables are the values of all variables of a piece of code itself.
func variables(view memory, c call) foreign.Block {
	count := uint64(min(c.code.variables, maxLocals))
	return view.Block(c.env-8*(uint64(c.code.variables)+2), int(8*count))
}

// captured are the values of the variables of the block around a block that outlives it: rb_env_t has them (vm_core.h).
// Those of a method or a program are left out: all its blocks see them, whichever connection they are of.
func captured(view memory, env uint64) foreign.Block {
	outer := view.Word(env+envAt+envOuter) &^ 3
	kept := view.Word(outer + envKept)
	if flags, kind := object(view, kept); kind != typeIMemo || kindOf(flags) != kindEnv {
		return nil
	}
	b := view.Block(kept, keptSize+8)
	if around := readCode(view, b.Word(keptCode)); around == nil || !strings.HasPrefix(around.label, "block") {
		return nil
	}
	return view.Block(b.Word(keptValues), int(8*min(b.Uint32(keptSize), maxLocals)))
}

// Where an environment that outlives its block is, and what it has (rb_env_t; the same from 3.0 to 3.4).
const (
	envKept = 8 // above ep: VM_ENV_DATA_INDEX_ENV
	kindEnv = 0 // imemo_env

	keptCode   = 8  // iseq
	keptValues = 24 // env
	keptSize   = 32 // env_size
)
