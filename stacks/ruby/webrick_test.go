package ruby

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

// startWEBrick starts a server of WEBrick at a Unix socket, with a page that sleeps.
func startWEBrick(t *testing.T) (pid int, connect func(sends string)) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	pid = script(t, `require 'webrick'
require 'socket'
server = WEBrick::HTTPServer.new(DoNotListen: true, AccessLog: [])
server.listeners << UNIXServer.new('`+socket+`')
server.mount_proc('/nap') { |asked, answer| sleep }
server.start
`)
	return pid, func(sends string) {
		t.Helper()
		until(t, func() bool {
			c, err := net.DialTimeout("unix", socket, time.Second)
			if err != nil {
				return false
			}
			t.Cleanup(func() { _ = c.Close() })
			_, err = c.Write([]byte(sends))
			return err == nil
		}, "WEBrick to take a connection")
	}
}

func TestThreadsOfWEBrick(t *testing.T) {
	pid, connect := startWEBrick(t)
	connect("")
	connect("GET /nap HTTP/1.1\r\nHost: shop\r\n\r\n")
	var works []stacks.Work
	until(t, func() bool {
		works = look(pid)
		main, waits, naps := false, false, false
		for _, w := range works {
			switch {
			case w.TID == pid:
				main = w.Idle && !w.Pool
			case w.Pool && w.Idle:
				waits = true
			case w.Pool && w.Wait.On == "sleep" && len(w.Frames) > 1 && w.Frames[1].Line == 5:
				naps = true
			case !w.Idle: // its watcher
				return false
			}
		}
		return main && waits && naps
	}, "one thread that takes connections, one that waits for a request and one that serves one; %+v", &works)
}
