package golang

import (
	"debug/dwarf"
	"debug/elf"
	"strings"
	"testing"
)

// What the table says of the version of Go at hand is compared with what its compiler says of the same.
func TestLayoutsAreThoseOfTheCompiler(t *testing.T) {
	file, err := elf.Open(build(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	build, err := buildOf(build(t, builds["stripped"]))
	if err != nil {
		t.Fatal(err)
	}
	l, err := layoutOf(build.GoVersion)
	if err != nil {
		t.Fatal(err)
	}
	fields := fieldsOf(t, file)
	wanted := map[string]int{
		"runtime.g.stack": gStackLow, "runtime.g.m": gMachine, "runtime.g.sched": gSchedSP,
		"runtime.g.syscallsp": l.syscallSP, "runtime.g.syscallpc": l.syscallPC,
		"runtime.g.atomicstatus": l.status, "runtime.g.goid": l.goid, "runtime.g.waitsince": l.waitSince,
		"runtime.g.waitreason": l.waitReason,
		"runtime.g.tracking":   l.tracking, "runtime.g.trackingStamp": l.trackedSince, "runtime.g.parentGoid": l.parent,
		"runtime.g.startpc": l.startPC,
		"runtime.g.waiting": l.waiting, "runtime.m.procid": l.procID, "runtime.m.gsignal": l.procID + 8,
		"runtime.m.preemptGen": l.preemptions, "runtime.moduledata.gofunc": l.inlined, "runtime.moduledata.text": moduleText,
		"runtime.moduledata.etext": moduleETtxt, "runtime.moduledata.bss": moduleBSS, "runtime.moduledata.ebss": moduleEBSS,
		"runtime.gobuf.pc": gSchedPC - gSchedSP, "runtime.gobuf.g": gSchedG - gSchedSP, "runtime.sudog.g": sudogG,
		"runtime.pollDesc.fd": pollerFD, "runtime.pollDesc.rg": pollerRead, "runtime.pollDesc.wg": pollerSend,
		"net/http.conn.remoteAddr": connRemote, "net/http.conn.curReq": connCurrent,
		"net/http.response.conn": responseConn, "net/http.response.req": responseRequest,
		"net/http.Request.Method": requestMethod, "net/http.Request.RequestURI": requestURI,
		"net/http.persistConn.conn": persistConn - 8, "net/http.persistConn.br": persistReader,
		"bufio.Reader.rd":        readerSource - 8,
		"internal/poll.FD.Sysfd": pollFD, "internal/poll.FD.pd": pollPoller, "crypto/tls.Conn.conn": tlsConn - 8,
		"net.netFD.pfd":          0,
		"sync.RWMutex.writerSem": rwmutexSemaphore, "sync.RWMutex.readerSem": rwmutexReaders,
		"sync.WaitGroup.sema": waitGroupSemaphore,
		"runtime._func.pcsp":  16, "runtime._func.nfuncdata": funcSize - 1, "runtime.inlinedCall.parentPc": 8,
	}
	word := 0 // since Go 1.26 both are two words, of which the second counts
	if fields["runtime.sudog.elem"] != l.element {
		word = 8
	}
	wanted["runtime.sudog.elem"], wanted["runtime.sudog.c"] = l.element-word, l.channel-word
	if l.timer > 0 {
		wanted["runtime.hchan.timer"] = l.timer
	}
	for field, at := range wanted {
		if got, ok := fields[field]; !ok || got != at {
			t.Errorf("%s: %s is at %d (%v), the table says %d", build.GoVersion, field, got, ok, at)
		}
	}
}

// fieldsOf are the offsets of all fields of all structs of a program: "runtime.g.goid".
func fieldsOf(t *testing.T, file *elf.File) map[string]int {
	t.Helper()
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]int{}
	reader := data.Reader()
	for {
		entry, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		if entry == nil {
			return fields
		}
		if entry.Tag == dwarf.TagStructType {
			if kind, err := data.Type(entry.Offset); err == nil {
				if s, ok := kind.(*dwarf.StructType); ok && !strings.Contains(s.StructName, "[") {
					for _, f := range s.Field {
						fields[s.StructName+"."+f.Name] = int(f.ByteOffset)
					}
				}
			}
		}
		if entry.Tag != dwarf.TagCompileUnit {
			reader.SkipChildren()
		}
	}
}

func TestVersionsAreKnownByTheirMinorNumber(t *testing.T) {
	for version, known := range map[string]bool{
		"go1.21": true, "go1.22.10": true, "go1.24rc1": true, "go1.26.8 X:aliastypeparams": true, "go1.27.3": true,
		"go1.20.14": false, "go1.28": false, "devel +abc": false, "": false, "1.25": false, "go1.": false,
	} {
		if _, err := layoutOf(version); (err == nil) != known {
			t.Errorf("%q: %v", version, err)
		}
	}
}

// In a program that has its symbols what is found without them is where they say.
func TestGoroutinesAreFoundWithoutSymbolsWhereTheSymbolIs(t *testing.T) {
	program := build(t, nil)
	p, _ := start(t, program)
	opened, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	table, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range table {
		if s.Name == "runtime.allgs" {
			if got := opened.(*reader).allgs.at; got != s.Value {
				t.Errorf("runtime.allgs was found at %#x, it is at %#x", got, s.Value)
			}
			return
		}
	}
	t.Error("the program has no symbol runtime.allgs")
}
