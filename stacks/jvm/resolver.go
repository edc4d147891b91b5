package jvm

import "github.com/hangtime-dev/hangtime/stacks/foreign"

// A resolver looks things up in the tables and keeps what is missing.
type resolver struct {
	tables
	view    *foreign.View
	missing []string
}

// field is the offset of the first of these fields that there is: their structures have changed between versions.
func (r *resolver) field(names ...string) int {
	if at := r.optional(names...); at >= 0 {
		return at
	}
	r.missing = append(r.missing, names[0])
	return 0
}

// optional is -1 where there is none of the fields.
func (r *resolver) optional(names ...string) int {
	for _, name := range names {
		if at, ok := r.offsets[name]; ok && at >= 0 && at < maxOffset {
			return at
		}
	}
	return -1
}

// maxOffset bounds the structures of HotSpot: the largest is JavaThread with less than 2 KiB.
const maxOffset = 1 << 13

func (r *resolver) size(name string) int {
	if n, ok := r.sizes[name]; ok && n > 0 && n < maxOffset {
		return n
	}
	r.missing = append(r.missing, "size of "+name)
	return 0
}

// variable is the address of a variable.
func (r *resolver) variable(names ...string) uint64 {
	for _, name := range names {
		if at := r.statics[name]; at != 0 {
			return at
		}
	}
	r.missing = append(r.missing, names[0])
	return 0
}

func (r *resolver) number(name string) uint32 {
	n, ok := r.numbers[name]
	if !ok {
		r.missing = append(r.missing, name)
	}
	return uint32(n)
}
