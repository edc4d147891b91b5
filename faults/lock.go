package faults

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// lock holds the lock of a file by a helper process, as a sibling or a log rotator would.
type lock struct {
	kind, path string
	guardian   *Guardian
}

func prepareLock(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	path, err := needFile(field, f.Path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("the folder of the file to lock: %w", err)
	}
	kind := cmp.Or(f.Lock, "flock")
	if kind != "flock" && kind != "fcntl" {
		return nil, fmt.Errorf("lock %q: want flock or fcntl", kind)
	}
	return lock{kind, path, g}, nil
}

func (l lock) aim() ([]target, error) {
	return []target{{words: filepath.Base(l.path), path: l.path}}, nil
}

// The words between a lock's holder and us.
const (
	wordLock = "lock"
	wordHeld = "held"
)

func (l lock) strike(ctx context.Context, at target) (effect, error) {
	holder, err := startHelper(roleHoldLock, l.kind, at.path)
	if err != nil {
		return effect{}, err
	}
	id, err := l.guardian.add(undo{Kind: undoHelper, process: holder.process, Until: time.Now().Add(Longest + spare)})
	if err != nil {
		return effect{}, errors.Join(err, holder.release())
	}
	heal := func() (string, error) {
		if err := holder.release(); err != nil {
			return "", err
		}
		_ = l.guardian.drop(id) // of a process that has ended nothing is left to end
		return "", nil
	}
	err = holder.tell(wordLock)
	if err == nil {
		err = holder.await(ctx, wordHeld)
	}
	if err == nil {
		err = l.see(holder.PID, at.path)
	}
	if err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	return effect{pid: holder.PID, detail: l.kind + " held", heal: heal}, nil
}

// see finds the lock among those that the kernel says the holder has: proc_pid_fdinfo(5).
func (l lock) see(pid int, path string) error {
	var file unix.Stat_t
	if err := unix.Stat(path, &file); err != nil {
		return fmt.Errorf("stat %s: %w", path, err)
	}
	name := map[string]string{"flock": "FLOCK", "fcntl": "POSIX"}[l.kind]
	inode := fmt.Sprintf(":%d", file.Ino)
	infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		return err
	}
	for _, info := range infos {
		text, err := os.ReadFile(info)
		if err != nil {
			continue // closed meanwhile
		}
		for line := range strings.Lines(string(text)) {
			// lock:	1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF
			fields := strings.Fields(line)
			if len(fields) >= 7 && fields[0] == "lock:" && fields[2] == name && strings.HasSuffix(fields[6], inode) {
				return nil
			}
		}
	}
	return fmt.Errorf("the kernel shows no %s lock on %s (inode %d) with pid %d", name, path, file.Ino, pid)
}

// holdLock is the helper's process: it takes the lock when told to and holds it until its input ends.
func holdLock(kind, path string, in io.Reader, out io.Writer) int {
	words := bufio.NewScanner(in)
	if !words.Scan() || words.Text() != wordLock {
		return 1
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err == nil {
		// Waits where another has it: whoever writes a log line lets go in a moment. We are killed when hangtime no longer wants it.
		err = take(kind, file)
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer file.Close()
	fmt.Fprintln(out, wordHeld)
	for words.Scan() {
	}
	return 0
}

func take(kind string, file *os.File) error {
	for {
		var err error
		if kind == "flock" {
			err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		} else {
			err = unix.FcntlFlock(file.Fd(), unix.F_SETLKW, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart})
		}
		if !errors.Is(err, unix.EINTR) {
			if err != nil {
				err = fmt.Errorf("%s %s: %w", kind, file.Name(), err)
			}
			return err
		}
	}
}
