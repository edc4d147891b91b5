package faults

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// What does not leave by itself is killed, and only the process that was meant: another one with the same number is
// left alone.
func TestOnlyTheVeryProcessIsEnded(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan *os.ProcessState, 1)
	go func() { state, _ := cmd.Process.Wait(); ended <- state }()
	p, err := identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if killed := EndAll([]Worker{{PID: p.PID, Start: p.Start + 1}}); len(killed) != 0 {
		t.Fatalf("killed %v, whose start time is another's", killed)
	}
	if !p.alive() {
		t.Fatal("it is gone")
	}
	if killed := EndAll([]Worker{{PID: p.PID, Start: p.Start}}); len(killed) != 1 || killed[0] != p.PID {
		t.Errorf("killed %v, want %d", killed, p.PID)
	}
	if state := <-ended; state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended by %v", state)
	}
}
