package golang

import (
	"debug/elf"
	"sort"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// variables are the application's variables outside of functions, by their addresses: of a program that was not
// stripped. They name the mutexes and channels among them.
type variables struct {
	all []variable // in the order of their addresses
}

type variable struct {
	span
	name string
}

// readVariables reads the table of symbols; what cannot be read leaves no names.
func readVariables(p stacks.Process, o origin) *variables {
	v := &variables{}
	files, err := symbols.Files(p.Proc, p.PID)
	if err != nil || len(files) == 0 {
		return v
	}
	object, err := files[0].Open()
	if err != nil {
		return v
	}
	defer func() { _ = object.Close() }()
	table, err := object.Symbols()
	if err != nil {
		return v
	}
	for _, s := range table {
		if elf.ST_TYPE(s.Info) == elf.STT_OBJECT && s.Size > 0 && int(s.Section) < len(object.Sections) &&
			object.Sections[s.Section].Flags&elf.SHF_WRITE != 0 &&
			packageOf(s.Name) != "" && !o.library(s.Name, "") {
			v.all = append(v.all, variable{span{s.Value + object.Bias, s.Size}, s.Name})
		}
	}
	sort.Slice(v.all, func(i, j int) bool { return v.all[i].at < v.all[j].at })
	return v
}

// at is the name of the variable in which an address lies: "main.mu", also of a mutex in a struct; empty: it lies in none.
func (v *variables) at(address uint64) string {
	i := sort.Search(len(v.all), func(i int) bool { return v.all[i].at > address }) - 1
	if i < 0 || address-v.all[i].at >= v.all[i].size {
		return ""
	}
	return v.all[i].name
}
