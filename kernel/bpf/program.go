package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// maxWatched bounds the processes that a program tells of.
const maxWatched = 4096

// offsets finds where a field lies in a type of this kernel; err is the first that was not found.
type offsets struct {
	types *btf.Spec
	err   error
}

func (o *offsets) of(name string, path ...string) int16 {
	var s *btf.Struct
	if err := o.types.TypeByName(name, &s); err != nil {
		o.err = errors.Join(o.err, err)
		return 0
	}
	sum := uint32(0)
	for _, field := range path {
		if s == nil {
			o.err = errors.Join(o.err, fmt.Errorf("the kernel's %s has no %v", name, path))
			return 0
		}
		offset, kind, ok := memberOf(s.Members, field)
		if !ok || sum+offset > 1<<15-1 {
			o.err = errors.Join(o.err, fmt.Errorf("the kernel's %s has no %v", name, path))
			return 0
		}
		sum += offset
		s, _ = btf.UnderlyingType(kind).(*btf.Struct)
	}
	return int16(sum)
}

// memberOf finds a field, in anonymous structures and unions too.
func memberOf(members []btf.Member, name string) (uint32, btf.Type, bool) {
	for _, m := range members {
		if m.Name == name {
			return m.Offset.Bytes(), m.Type, true
		}
		if m.Name != "" {
			continue
		}
		var inner []btf.Member
		switch kind := btf.UnderlyingType(m.Type).(type) {
		case *btf.Struct:
			inner = kind.Members
		case *btf.Union:
			inner = kind.Members
		}
		if at, kind, ok := memberOf(inner, name); ok {
			return m.Offset.Bytes() + at, kind, true
		}
	}
	return 0, nil, false
}

// firstNamespace says why no program here can tell processes: it tells their numbers in the machine's first pid
// namespace, which in another one are not those of /proc.
func firstNamespace() error {
	if space, err := proc.FS("/proc").OwnNamespace("pid"); err != nil || space != proc.FirstPIDNamespace {
		return errors.New("not in the machine's first pid namespace")
	}
	return nil
}

// watchedMap is which processes a program tells of.
func watchedMap() (*ebpf.Map, error) {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: "hangtime_pids", Type: ebpf.Hash, KeySize: 4, ValueSize: 4,
		MaxEntries: maxWatched})
	if err != nil {
		return nil, fmt.Errorf("make a BPF map: %w", err)
	}
	return m, nil
}
