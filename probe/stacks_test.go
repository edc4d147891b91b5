package probe

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/stacks"
)

// A worker may end while its stacks are looked for: what cannot be read of it then is no trouble of hangtime, which
// would void the verdict.
func TestStacksOfAWorkerThatEndedAreNoTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		ends bool
		want int
	}{"it ended": {true, 0}, "it lives": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sleep", "60")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			end := func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
			if test.ends {
				end()
			} else {
				defer end()
			}
			rec := history.NewRecorder(time.Now())
			broken := func(stacks.Process) (stacks.Reader, error) { return nil, errors.New("maps cannot be read") }
			r := &stackReader{fs: proc.FS("/proc"), rec: rec, languages: []stacks.Opener{broken},
				troubles: &troubles{rec: rec, said: map[string]bool{}}}
			if got := r.open(&worker{Worker: Worker{Place: 1, PID: cmd.Process.Pid}}); got != nil {
				t.Errorf("a reader %v of a process that nobody can read", got)
			}
			n := 0
			for _, record := range rec.Drain(nil) {
				if _, is := record.Event.(history.Trouble); is {
					n++
				}
			}
			if n != test.want {
				t.Errorf("%d troubles, want %d", n, test.want)
			}
		})
	}
}
