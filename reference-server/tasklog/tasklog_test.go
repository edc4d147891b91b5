package tasklog

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A disk that does not keep up costs lines, never time: they are counted, and the log says how many once it goes on.
func TestNobodyWaitsForTheDisk(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	dir := t.TempDir()
	// The pipe stands for the disk: it takes 64 KiB and then nothing, until it is read.
	if err := os.Symlink(fmt.Sprintf("/proc/self/fd/%d", write.Fd()), filepath.Join(dir, "async_tasks_7.log")); err != nil {
		t.Fatal(err)
	}
	l, err := Open(PerPID, dir, 7)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 1000)
	written := 0
	for ; l.Lost() == 0; written++ {
		l.Info(text, "n", written)
	}
	for range 10 { // more than the one that was refused
		l.Info(text, "n", written)
		written++
	}
	_ = write.Close()
	lines := make(chan int)
	said := make(chan int, 1)
	go func() {
		n := 0
		scan := bufio.NewScanner(read)
		for scan.Scan() {
			var v struct {
				Msg   string
				Lines int
			}
			if err := json.Unmarshal(scan.Bytes(), &v); err != nil {
				t.Errorf("torn line %q", scan.Text())
			}
			if v.Msg == "log lines dropped" {
				said <- v.Lines
				continue
			}
			n++
		}
		lines <- n
	}()
	dropped := <-said
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := <-lines; n+dropped != written || uint64(dropped) != l.Lost() {
		t.Errorf("%d lines written: %d read, %d said to be dropped, %d counted", written, n, dropped, l.Lost())
	}
}

// onFullDisk is a log that has met a full disk with its first line, and its file.
func onFullDisk(t *testing.T) (l *Log, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "async_tasks_7.log")
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	l, err := Open(PerPID, filepath.Dir(path), 7)
	if err != nil {
		t.Fatal(err)
	}
	l.Info("one")
	for deadline := time.Now().Add(10 * time.Second); l.Lost() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no line is counted as lost")
		}
	}
	return l, path
}

func TestFullDiskIsCounted(t *testing.T) {
	l, _ := onFullDisk(t)
	if err := l.Close(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Close says %v, want that the disk is full", err)
	}
	if l.Lost() != 1 {
		t.Errorf("%d lines lost, want 1", l.Lost())
	}
}

// An old trouble of the disk is not taken for one of the reopening.
func TestReopenSaysOnlyWhatBecameOfItself(t *testing.T) {
	l, path := onFullDisk(t)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Errorf("it works, and says %v", err)
	}
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it fails, and says %v", err)
	}
	_ = l.Close() // the full disk, told already
}

func TestReopenLeavesWholeLinesInBothFiles(t *testing.T) {
	for _, mode := range []string{PerPID, Shared, SharedLock} {
		t.Run(mode, func(t *testing.T) {
			l, err := Open(mode, t.TempDir(), 7)
			if err != nil {
				t.Fatal(err)
			}
			l.Info("before")
			if err := os.Rename(l.Path(), l.Path()+".1"); err != nil {
				t.Fatal(err)
			}
			if err := l.Reopen(); err != nil {
				t.Fatal(err)
			}
			l.Info("after")
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]string{l.Path() + ".1": `"msg":"before"`, l.Path(): `"msg":"after"`} {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), want) {
					t.Errorf("%s: %q, want one line with %s", filepath.Base(path), text, want)
				}
			}
		})
	}
}
