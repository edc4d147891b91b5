//go:build realservers

package realservers

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// deaf is a server that takes connections and answers nothing: a payment provider in trouble. Its port is UPSTREAM in
// the environment.
func (s *stage) deaf() int {
	s.t.Helper()
	return s.upstream(func(net.Conn) {})
}

// slow is a server that answers each connection one line after a while.
func (s *stage) slow(after time.Duration) int {
	s.t.Helper()
	return s.upstream(func(c net.Conn) {
		time.Sleep(after)
		_, _ = c.Write([]byte("x\n"))
		c.Close()
	})
}

func (s *stage) upstream(serve func(net.Conn)) int {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	taken.Store(port, true)
	var open []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		var hands sync.WaitGroup
		defer hands.Wait()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
			hands.Go(func() { serve(c) })
		}
	}()
	s.t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range open {
			c.Close()
		}
	})
	s.set("UPSTREAM", strconv.Itoa(port))
	return port
}

// redis starts one; its port is REDIS in the environment.
func (s *stage) redis() {
	s.t.Helper()
	port := freePort(s.t)
	s.set("REDIS", strconv.Itoa(port))
	server := s.start("redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", s.dir)
	s.broker = server.pid
	s.listens(port)
}

// A database is a PostgreSQL server with a table of 200 accounts.
type database struct {
	port int
	main *process
	next int // the next account that no case has used
}

// sharedDatabase is for all cases that want one beside their server: each takes rows of its own. It is started by the
// first of them.
var sharedDatabase commonDatabase

type commonDatabase struct {
	sync.Mutex
	database
	dir string
}

// account starts the shared database where nobody has, and takes an account of it: PGPORT and ACCOUNT in the environment.
func (s *stage) account() {
	s.t.Helper()
	d := &sharedDatabase
	d.Lock()
	defer d.Unlock()
	if d.main == nil {
		dir, err := os.MkdirTemp("", "hangtime-postgres-")
		if err != nil {
			s.t.Fatal(err)
		}
		d.dir = dir
		if d.database, err = startDatabase(dir, freePort(s.t)); err != nil {
			s.t.Fatal(err)
		}
	}
	d.next++
	s.set("PGPORT", strconv.Itoa(d.port))
	s.set("ACCOUNT", strconv.Itoa(d.next))
}

func (d *commonDatabase) close() error {
	if d.main != nil {
		d.main.end()
	}
	if d.dir == "" {
		return nil
	}
	return os.RemoveAll(d.dir)
}

// startDatabase makes and starts a PostgreSQL in a folder. It refuses to run as root, so root's tests run it as the
// user that its package made.
func startDatabase(dir string, port int) (database, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return database{}, errors.New("no PostgreSQL in /usr/lib/postgresql")
	}
	bin := filepath.Dir(found[len(found)-1])
	// Killed without it, it would leave a segment of shared memory.
	spec := keeperSpec{Dir: dir, Env: os.Environ(), Farewell: syscall.SIGQUIT}
	initdb := exec.Command(bin+"/initdb", "-D", dir+"/data", "-A", "trust", "-U", "shop", "-N")
	initdb.Dir = dir
	if os.Getuid() == 0 {
		if spec.UID, spec.GID, err = userNumbers("postgres"); err != nil {
			return database{}, err
		}
		if err := os.Chown(dir, int(spec.UID), int(spec.GID)); err != nil {
			return database{}, err
		}
		initdb.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: spec.UID, Gid: spec.GID}}
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return database{}, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	spec.Args = []string{bin + "/postgres", "-D", dir + "/data", "-p", strconv.Itoa(port), "-k", dir, "-c",
		"listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"}
	log, err := os.Create(dir + "/said")
	if err != nil {
		return database{}, err
	}
	defer log.Close()
	main, err := startKeeper(spec, log, nil)
	if err != nil {
		return database{}, fmt.Errorf("start PostgreSQL: %w", err)
	}
	d := database{port: port, main: main}
	const table = "create table account as select id, 100 as balance from generate_series(1, 200) id"
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out, err := exec.Command("psql", append(d.psql(), "-c", table)...).CombinedOutput()
		if err == nil {
			return d, nil
		}
		if time.Now().After(end) {
			main.end()
			return database{}, fmt.Errorf("PostgreSQL answers not: %w\n%s%s", err, out, tail(log.Name()))
		}
	}
}

// psql is how psql connects to it.
func (d database) psql() []string {
	return []string{"-X", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(d.port), "-U", "shop", "-d", "postgres"}
}

// forgets is somebody who begins a transaction, changes an account, and goes for lunch: its row stays locked. The one
// of the shared database that the case has.
func (s *stage) forgets() {
	s.t.Helper()
	s.forgetsIn(sharedDatabase.database, s.value("ACCOUNT"))
}

func (s *stage) forgetsIn(d database, account string) {
	s.t.Helper()
	s.clerk(d, "begin;\nupdate account set balance = balance - 1 where id = "+account+";\n")
}

// clerk is somebody who types a few statements into psql, and then does nothing.
func (s *stage) clerk(d database, statements string) {
	s.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { write.Close() })
	clerk := s.startAs(keeperSpec{Args: append([]string{"psql"}, d.psql()...), Input: true}, read)
	read.Close()
	if _, err := io.WriteString(write, statements+"\\echo done\n"); err != nil {
		s.t.Fatal(err)
	}
	s.said(clerk, "done")
}

func userNumbers(name string) (uid, gid uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	var numbers [2]uint64
	for i, text := range []string{u.Uid, u.Gid} {
		if numbers[i], err = strconv.ParseUint(text, 10, 32); err != nil {
			return 0, 0, err
		}
	}
	return uint32(numbers[0]), uint32(numbers[1]), nil
}
