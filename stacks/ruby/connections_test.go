package ruby

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

func TestThreadsOfConnections(t *testing.T) {
	for _, test := range []struct{ name, loop string }{
		{"a block has it as its parameter", "loop { Thread.new(server.accept) { |client| sleep } }"},
		{"a block has it from the block around it", "loop { client = server.accept; Thread.new { client.gets; sleep } }"},
		{"a method has it", "def serve(client) = sleep\nwhile client = server.accept; Thread.new(client) { |c| serve(c) }; end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			pid := script(t, "require 'socket'\nserver = UNIXServer.new('"+socket+"')\n"+
				"Thread.new { sleep }.name = 'mine'\n"+test.loop)
			until(t, func() bool {
				c, err := net.Dial("unix", socket)
				if err == nil {
					t.Cleanup(func() { _ = c.Close() })
					_, err = c.Write([]byte("hello\n"))
				}
				return err == nil
			}, "the server to listen")
			var works []stacks.Work
			until(t, func() bool {
				works = look(pid)
				serves := 0
				for _, w := range works {
					if w.Pool && w.Wait.On == "sleep" {
						serves++
					}
				}
				return serves == 1 && len(works) == 3 && !named(works, "mine").Pool
			}, "one thread that serves a connection; %+v", &works)
		})
	}
}
