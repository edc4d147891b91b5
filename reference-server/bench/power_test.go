//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// cutAfter is how long tasks are accepted until the power is cut.
const cutAfter = 2 * time.Second

// TestPowerCut wants that nothing is lost where that is promised: make prove-power-cut.
func TestPowerCut(t *testing.T) {
	if *binary == "" {
		t.Fatal("want the flag -hangtime, as make prove-power-cut gives it")
	}
	if err := noDisk(); err != nil {
		t.Fatal(err)
	}
	which := regexp.MustCompile(*only)
	for _, r := range rows() {
		if !r.engine || !which.MatchString(r.name) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			if r.lacks != nil {
				if err := r.lacks(); err != nil {
					t.Skip(err)
				}
			}
			accepted, lost := cut(t, r)
			fmt.Printf("%s: %d tasks accepted until the power was cut, %d of them lost\n", r.name, accepted, lost)
			if accepted == 0 {
				t.Error("no task was accepted before the cut")
			}
			if r.synced && lost > 0 {
				t.Errorf("%d of %d tasks lost, want none: each is on the disk before it is accepted", lost, accepted)
			}
		})
	}
}

// powerCut is the cell of the table.
func powerCut(t *testing.T, r row) string {
	if !r.engine {
		accepted, lost := cutWithoutDisk(t, r)
		return fmt.Sprintf("%d of %d", lost, accepted)
	}
	if err := noDisk(); err != nil {
		return "not measured: " + err.Error()
	}
	accepted, lost := cut(t, r)
	return fmt.Sprintf("%d of %d", lost, accepted)
}

// cut accepts tasks that nobody runs, with the store on a disk of its own, stops the engine in the midst of it, takes what is
// on the disk by then, and looks with another engine for each of the tasks.
func cut(t *testing.T, r row) (accepted, lost int) {
	d := newDisk(t)
	dir := filepath.Join(d.at, "tasks")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var s *server
	if r.open != nil {
		s = serveWith(t, r, r.open(t, dir))
	} else {
		s = serve(t, r, "--tasks-dir="+dir)
	}
	ids := s.acceptUntil(func() {
		time.Sleep(cutAfter)
		if s.keeper != nil {
			s.keeper.stop()
		} else if err := syscall.Kill(s.engines()[0], syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
	})
	after := d.copied(t)
	if s.keeper != nil {
		s.keeper.end() // its ports are free then
	} else {
		_ = syscall.Kill(s.engines()[0], syscall.SIGKILL) // it is stopped, and so is its disk, which has no power
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	after.mount(t, d.at)
	there := s.storedOn(dir)
	for _, id := range ids {
		if !there[id] {
			lost++
		}
	}
	return len(ids), lost
}

// acceptUntil posts tasks that are not to be run for an hour until harm has been done; it gives those that were accepted.
func (s *server) acceptUntil(harm func()) []string {
	var mu sync.Mutex
	var ids []string
	done := make(chan struct{})
	var all sync.WaitGroup
	for range posters {
		all.Go(func() {
			c := client{address: s.address}
			defer c.close()
			for {
				select {
				case <-done:
					return
				default:
				}
				if id, ok := c.post(`{"work":"sleep","delay":"1h"}`, time.Now().Add(time.Second)); ok {
					mu.Lock()
					ids = append(ids, id)
					mu.Unlock()
				}
			}
		})
	}
	harm()
	close(done)
	all.Wait()
	return ids
}

// cutWithoutDisk is for tasks that are in memory alone: the processes are gone, and the server is started again.
func cutWithoutDisk(t *testing.T, r row) (accepted, lost int) {
	s := serve(t, r)
	ids := s.acceptUntil(func() { time.Sleep(cutAfter) })
	_ = s.cmd.Process.Kill()
	<-s.ended
	next := serve(t, r)
	defer next.end()
	states := map[string]string{}
	c := client{address: next.address}
	defer c.close()
	c.states(ids, states)
	for _, id := range ids {
		if states[id] == "unknown" {
			lost++
		}
	}
	return len(ids), lost
}

// storedOn are the ids of the tasks that another engine finds in the store.
func (s *server) storedOn(dir string) map[string]bool {
	if s.keeper != nil {
		return s.keeper.again(dir).stored()
	}
	reader, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir})
	if err != nil {
		s.t.Fatal(err)
	}
	reader.Start()
	defer func() { reader.Shutdown(); reader.WaitForShutdown() }()
	if !reader.ReadyForConnections(patience) {
		s.t.Fatal("the engine on the disk after the cut is not ready")
	}
	return storedIn(s.t, reader.ClientURL(), false)
}

// storedIn are those in a JetStream; a cluster first chooses a leader.
func storedIn(t *testing.T, url string, leaderless bool) map[string]bool {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	there := map[string]bool{}
	var stream jetstream.Stream
	for {
		stream, err = js.Stream(ctx, "HANGTIME_TASKS")
		if err == nil || !leaderless || ctx.Err() != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Logf("the queue is gone: %v", err)
		return there
	}
	state := stream.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
		if m, err := stream.GetMsg(ctx, seq); err == nil {
			there[m.Header.Get("Hangtime-Task")] = true
		}
	}
	return there
}
