package perl

import (
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Bounds of what one value may be.
const (
	maxName    = 512
	maxPath    = 4096
	maxBuckets = 1024 // of a hash
	maxEntries = 400
	maxLocals  = 128 // lexical variables of a function
)

// A value is the head of one of Perl's (SV).
type value struct {
	body, own uint64
	flags     uint32
}

func valueAt(view *foreign.View, address uint64) value {
	b := view.Block(address, valueSize)
	return value{body: b.Word(valueBody), own: b.Word(valueOwn), flags: b.Uint32(valueFlags)}
}

func (v value) kind() uint32 { return v.flags & flagKind }

// text is what a string is; empty where the value is none.
func (v value) text(view *foreign.View, most int) string {
	if v.flags&flagText == 0 || v.flags&flagReference != 0 {
		return ""
	}
	n := view.Word(v.body + textLen)
	if n > uint64(most) {
		return ""
	}
	return view.Text(v.own, int(n), most)
}

// number is what a value is between 0 and 65535; 0 where it is none.
func (v value) number(view *foreign.View) int {
	if text := v.text(view, 8); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return 0
		}
		return int(n)
	}
	if v.flags&flagInteger == 0 || v.flags&flagReference != 0 {
		return 0
	}
	n := v.own
	if v.kind() != kindInteger {
		n = view.Word(v.body + bodyInteger)
	}
	if n > 1<<16-1 {
		return 0
	}
	return int(n)
}

// referred is the value that one refers to; the zero value where it refers to none.
func (v value) referred(view *foreign.View) value {
	if v.flags&flagReference == 0 {
		return value{}
	}
	return valueAt(view, v.own)
}

// key is a name in Perl's table of names.
func key(view *foreign.View, address uint64) string {
	n := view.Block(address, keyText).Uint32(keyLen)
	return view.Text(address+keyText, int(min(n, maxName+1)), maxName)
}

// members are the values of a hash at these keys, by which they are found.
func members(view *foreign.View, hash value, keys ...string) map[string]value {
	if hash.kind() != kindHash {
		return nil
	}
	most := view.Word(hash.body + hashMost)
	if most >= maxBuckets {
		return nil
	}
	found := map[string]value{}
	buckets := view.Block(hash.own, 8*int(most+1))
	left := maxEntries
	for i := 0; i < len(buckets) && len(found) < len(keys); i += 8 {
		for entry := buckets.Word(i); entry != 0 && left > 0; left-- {
			b := view.Block(entry, entrySize)
			entry = b.Word(entryNext)
			n := int(view.Block(b.Word(entryKey), keyText).Uint32(keyLen))
			for _, name := range keys {
				if n == len(name) && key(view, b.Word(entryKey)) == name {
					found[name] = valueAt(view, b.Word(entryValue))
				}
			}
		}
	}
	return found
}

// member is the value of a hash, to which a value refers, at a key, and so on inwards.
func member(view *foreign.View, at value, keys ...string) value {
	for _, one := range keys {
		at = members(view, at.referred(view), one)[one]
	}
	return at
}

// elements are those of an array to which a value refers, at most so many.
func elements(view *foreign.View, at value, most int) (all []value) {
	array := at.referred(view)
	if array.kind() != kindArray {
		return nil
	}
	last := int64(view.Word(array.body + arrayLast))
	if last < 0 {
		return nil
	}
	list := view.Block(array.own, 8*int(min(last+1, int64(most))))
	for i := 0; i < len(list); i += 8 {
		all = append(all, valueAt(view, list.Word(i)))
	}
	return all
}

// lexical is what a variable of a function has in one call of it; depth is which of its calls within each other, from 1.
func lexical(view *foreign.View, l layout, code uint64, depth int, name string) value {
	v := valueAt(view, code)
	if v.kind() != kindCode || depth < 1 {
		return value{}
	}
	pads := view.Block(view.Word(v.body+codePads), padsList+8)
	if most := pads.Word(padsMost); uint64(depth) > most {
		return value{}
	}
	names := view.Block(view.Word(pads.Word(padsList)), namesList+8)
	last := int64(names.Word(namesLast))
	if last < 0 {
		return value{}
	}
	list := view.Block(names.Word(namesList), 8*int(min(last+1, maxLocals)))
	for i := 0; i < len(list); i += 8 {
		b := view.Block(list.Word(i), l.local+1)
		if int(b.Byte(l.local)) == len(name) && view.Text(b.Word(nameText), len(name), len(name)) == name {
			pad := valueAt(view, view.Word(pads.Word(padsList)+8*uint64(depth)))
			return valueAt(view, view.Word(pad.own+uint64(i)))
		}
	}
	return value{}
}

// functionName is that of a function with its package: "Shop::Cart::pay", "count" of the main package.
func functionName(view *foreign.View, l layout, code uint64) string {
	v := valueAt(view, code)
	if v.kind() != kindCode {
		return ""
	}
	b := view.Block(v.body, codeSize)
	name, pack := "", b.Word(codePackage)
	if b.Uint32(codeFlags)&flagNamed != 0 {
		name = key(view, b.Word(codeName))
	} else if glob := valueAt(view, b.Word(codeName)); glob.kind() == kindGlob {
		g := view.Block(glob.body, globSize)
		name, pack = key(view, g.Word(globName)), g.Word(globPackage)
	}
	if name == "" {
		return ""
	}
	in := packageName(view, l, pack)
	for _, sandbox := range []string{"Plack::Sandbox::", "Mojo::Server::Sandbox::"} { // a package for each file that they load
		if inner, is := strings.CutPrefix(in, sandbox); is {
			_, in, _ = strings.Cut(inner, "::")
		}
	}
	if in == "" || in == "main" {
		return name
	}
	return in + "::" + name
}

// packageName is that of a package.
func packageName(view *foreign.View, l layout, address uint64) string {
	v := valueAt(view, address)
	if v.kind() != kindHash || v.flags&flagAux == 0 {
		return ""
	}
	at := v.body + hashSize
	if l.nameApart {
		at = v.own + 8*(view.Word(v.body+hashMost)+1)
	}
	aux := view.Block(at, auxSize)
	name := aux.Word(auxName)
	if aux.Uint32(auxNameCount) != 0 { // it has several
		name = view.Word(name)
	}
	return key(view, name)
}
