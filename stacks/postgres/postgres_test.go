package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/stacks"
)

func process(pid int) stacks.Process {
	return stacks.Process{Proc: "/proc", PID: pid,
		Memory: func(address uint64, into []byte) error { return memory.Read(pid, address, into) }}
}

// A database is a real PostgreSQL, which ends with the test.
type database struct {
	pid, port int
}

func start(t *testing.T) *database {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		t.Fatal("no PostgreSQL in /usr/lib/postgresql: install postgresql")
	}
	programs := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "hangtime-postgres-") // of another user, who may not read a test's own folder
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var as *syscall.Credential
	if os.Getuid() == 0 {
		uid, gid := identity(t, "postgres")
		as = &syscall.Credential{Uid: uid, Gid: gid}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &database{port: l.Addr().(*net.TCPAddr).Port}
	_ = l.Close()
	prepare := exec.Command(filepath.Join(programs, "initdb"), "-D", dir+"/data", "-U", "shop", "-A", "trust", "--no-sync")
	prepare.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	prepare.Dir = dir
	if out, err := prepare.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := exec.Command(filepath.Join(programs, "postgres"), "-D", dir+"/data", "-p", strconv.Itoa(d.port), "-k", dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
	server.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	server.Dir = dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	d.pid = server.Process.Pid
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	until(t, func() bool { return d.psql("-c", "select 1").Run() == nil }, "PostgreSQL to answer")
	return d
}

func identity(t *testing.T, name string) (uid, gid uint32) {
	t.Helper()
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Split(line, ":"); len(f) > 3 && f[0] == name {
			u, _ := strconv.ParseUint(f[2], 10, 32)
			g, _ := strconv.ParseUint(f[3], 10, 32)
			return uint32(u), uint32(g)
		}
	}
	t.Fatalf("no user %s", name)
	return 0, 0
}

func (d *database) psql(args ...string) *exec.Cmd {
	return exec.Command("psql", append([]string{"-X", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(d.port), "-U", "shop", "-d",
		"postgres"}, args...)...)
}

// types gives a session statements, after which it stays.
func (d *database) types(t *testing.T, statements string) {
	t.Helper()
	session := d.psql()
	session.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = session.Process.Kill()
		_ = session.Wait()
	})
	if _, err := io.WriteString(in, statements); err != nil {
		t.Fatal(err)
	}
}

// works are what all processes of the database do.
func (d *database) works() (all []stacks.Work) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", d.pid, d.pid))
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			continue
		}
		r, err := Open(process(pid))
		if err != nil {
			continue // it has ended
		}
		works, _ := r.Look()
		all = append(all, works...)
	}
	return all
}

func until(t *testing.T, true func() bool, what string, args ...any) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !true(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited 30 s for "+what, args...)
		}
	}
}

func TestStatements(t *testing.T) {
	d := start(t)
	if out, err := d.psql("-c", "create table account as select 1 as id, 'secret' as name").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	d.types(t, "begin;\nupdate account set name = 'kept' where id = 1;\n") // and it stays in its transaction
	until(t, func() bool {
		out, _ := d.psql("-A", "-t", "-c", "select count(*) from pg_stat_activity where state = 'idle in transaction'").Output()
		return strings.TrimSpace(string(out)) == "1"
	}, "a transaction that is left open")
	began := time.Now()
	d.types(t, "update account -- of 4711\n set name = 'hidden'\n where id = 1;\n")
	d.types(t, "select pg_sleep(1000), '"+strings.Repeat("x", 10000)+"';\n")
	var got map[string]stacks.Work
	until(t, func() bool {
		got = map[string]stacks.Work{}
		for _, w := range d.works() {
			if len(w.Frames) == 1 {
				got[w.Frames[0].Function] = w
			}
		}
		return len(got) == 2
	}, "two statements; they are %+v", &got)
	for event, want := range map[string]string{
		"wait event Lock:transactionid": "update account set name = ? where id = ?;",
		"wait event Timeout":            "select pg_sleep(?), ?",
	} {
		q := got[event].Request
		if q.Path != want || q.Method != "" || q.Query != "" {
			t.Errorf("%s: %+v, want %q", event, q, want)
		}
		if most := time.Since(began); q.For <= 0 || q.For > most {
			t.Errorf("%q is said to go on for %v, it began at most %v ago", q.Path, q.For, most)
		}
		if q.Port == 0 || !connected(t, q.Port, d.port) {
			t.Errorf("%q is said to come from port %d, which is none of a client's", q.Path, q.Port)
		}
	}
	if n := len(d.works()); n != 2 {
		t.Errorf("%d statements are told, want those of the two sessions that have one", n)
	}
}

// connected says whether there is a connection from one port to another.
func connected(t *testing.T, from, to int) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(text, []byte(fmt.Sprintf(":%04X 0100007F:%04X 01 ", from, to)))
}

func TestAProcessWithoutPostgreSQL(t *testing.T) {
	if _, err := Open(process(os.Getpid())); !errors.Is(err, stacks.ErrNone) {
		t.Errorf("PostgreSQL in a program of Go: %v", err)
	}
}

func TestEvents(t *testing.T) {
	for info, want := range map[uint32]string{
		0: "", 0x03000000: "wait event Lock:relation", 0x0300000a: "wait event Lock:advisory", 0x030000ff: "wait event Lock",
		0x06000000: "wait event Client", 0xff000000: "",
	} {
		if got := eventName(info); got != want {
			t.Errorf("%#x: %q, want %q", info, got, want)
		}
	}
}

// FuzzLook reads memory in which everything is chance: addresses lead to other addresses of it, or to nothing.
func FuzzLook(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, byte(seed*13))
	}
	f.Fuzz(func(t *testing.T, seed uint64, holes byte) {
		const base = 0x100000
		chance := rand.New(rand.NewPCG(seed, 1))
		content := make([]byte, 64<<10)
		for i := 0; i+8 <= len(content); i += 8 {
			word := chance.Uint64()
			switch chance.IntN(4) {
			case 0, 1:
				word = base + word%uint64(len(content))
			case 2:
				word %= 300
			}
			binary.NativeEndian.PutUint64(content[i:], word)
		}
		reads := 0
		r := &reader{pid: 1, own: int(seed % 300), query: base + 8*(seed%1000), session: base + 8*(seed%997), event: base + 8*(seed%991),
			now: time.Now, memory: func(address uint64, into []byte) error {
				reads++
				if address < base || address+uint64(len(into)) > base+uint64(len(content)) || byte(address>>8) < holes/2 {
					return errors.New("not mapped")
				}
				copy(into, content[address-base:])
				return nil
			}}
		works, _ := r.Look()
		if len(works) > 1 || reads > maxReads {
			t.Errorf("%d things at once, %d reads", len(works), reads)
		}
		for _, w := range works {
			if len(w.Request.Path) > 210 || strings.ContainsAny(w.Request.Path, "\x00\n\x7f") {
				t.Errorf("statement %q", w.Request.Path)
			}
		}
	})
}
