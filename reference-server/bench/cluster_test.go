//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// nodeVar makes the test binary a NATS server of a cluster: its value says which.
const nodeVar = "HANGTIME_BENCH_NODE"

// A member is one server of a cluster.
type member struct {
	Name          string
	Port, Between int // ports of the loopback, for clients and for the other members
	Others        []string
	Store         string
}

// node runs a member until it is told to stop, or its starter is gone.
func node(text string) error {
	var m member
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	var routes []*url.URL
	for _, other := range m.Others {
		u, err := url.Parse(other)
		if err != nil {
			return err
		}
		routes = append(routes, u)
	}
	s, err := natsserver.NewServer(&natsserver.Options{ServerName: m.Name, Host: "127.0.0.1", Port: m.Port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: m.Store, SyncAlways: true, Routes: routes,
		Cluster: natsserver.ClusterOpts{Name: "bench", Host: "127.0.0.1", Port: m.Between}})
	if err != nil {
		return err
	}
	s.Start()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	s.Shutdown()
	return nil
}

// A cluster is NATS servers as processes.
type cluster struct {
	t       *testing.T
	members []member
	cmds    []*exec.Cmd
}

// openCluster is three of them.
func openCluster(t *testing.T, dir string) keeper { return startCluster(t, 3, dir) }

// startCluster starts n members with their stores in folders of dir, and waits until tasks can be kept three times.
func startCluster(t *testing.T, n int, dir string) *cluster {
	t.Helper()
	c := &cluster{t: t, members: make([]member, n), cmds: make([]*exec.Cmd, n)}
	ports := freePorts(t, 2*n)
	for i := range n {
		name := fmt.Sprintf("node-%d", i+1)
		c.members[i] = member{Name: name, Port: ports[i], Between: ports[n+i], Store: filepath.Join(dir, name)}
		for j := range n {
			if j != i {
				c.members[i].Others = append(c.members[i].Others, fmt.Sprintf("nats://127.0.0.1:%d", ports[n+j]))
			}
		}
	}
	c.begin()
	return c
}

// again starts members that were there before, on their stores in dir.
func (c *cluster) again(dir string) keeper {
	then := &cluster{t: c.t, members: slices.Clone(c.members), cmds: make([]*exec.Cmd, len(c.members))}
	for i := range then.members {
		then.members[i].Store = filepath.Join(dir, then.members[i].Name)
	}
	then.begin()
	return then
}

func (c *cluster) begin() {
	c.t.Helper()
	for i := range c.members {
		c.start(i)
	}
	c.t.Cleanup(c.end)
	c.awaitLeader()
}

// awaitLeader waits until the cluster can be asked about its streams.
func (c *cluster) awaitLeader() {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if conn, err := nats.Connect(c.url(), nats.Timeout(time.Second)); err == nil {
			var v struct{ Error *struct{ Code int } }
			answer, err := conn.Request("$JS.API.INFO", nil, time.Second)
			conn.Close()
			if err == nil && json.Unmarshal(answer.Data, &v) == nil && v.Error == nil {
				return
			}
		}
		if time.Now().After(end) {
			c.t.Fatal("the cluster has no leader")
		}
	}
}

func (c *cluster) start(i int) {
	c.t.Helper()
	text, err := json.Marshal(c.members[i])
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), nodeVar+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.cmds[i] = cmd
}

// restart waits until the member takes clients.
func (c *cluster) restart() {
	c.t.Helper()
	i := rand.IntN(len(c.members))
	_ = c.cmds[i].Process.Kill()
	_ = c.cmds[i].Wait()
	c.start(i)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(c.members[i].Port)); err == nil {
			_ = conn.Close()
			return
		}
	}
	c.t.Fatalf("%s is not back", c.members[i].Name)
}

func (c *cluster) url() string {
	var all []string
	for _, m := range c.members {
		all = append(all, fmt.Sprintf("nats://127.0.0.1:%d", m.Port))
	}
	return strings.Join(all, ",")
}

func (c *cluster) flag() string { return "--tasks-url=" + c.url() }

func (c *cluster) groups() []int {
	var all []int
	for _, cmd := range c.cmds {
		all = append(all, cmd.Process.Pid)
	}
	return all
}

func (c *cluster) stop() {
	for _, cmd := range c.cmds {
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			c.t.Error(err)
		}
	}
}

func (c *cluster) stored() map[string]bool { return storedIn(c.t, c.url(), true) }

// end kills all members, and waits until they are gone; what was measured needs nothing of them any more.
func (c *cluster) end() {
	for _, cmd := range c.cmds {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// freePorts are ports of the loopback that nobody had a moment ago.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }() // all at the end, so that none is given out twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
