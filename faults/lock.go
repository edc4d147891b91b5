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
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// lockHarm holds the lock of a file by a helper process, as a sibling or a log rotator would.
type lockHarm struct {
	kind, path string
	dir        string // the server's log folder, in which the file is to be
	guardian   *Guardian
}

func prepareLock(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	path, err := needFile(field, f.Path)
	if err != nil {
		return nil, err
	}
	if err := leadsOut(field.Dir, f.Path); err != nil {
		return nil, err
	}
	kind := cmp.Or(f.Lock, "flock")
	if kind != "flock" && kind != "fcntl" && kind != lockInherited {
		return nil, fmt.Errorf("lock %q: want flock or fcntl or inherited", kind)
	}
	return lockHarm{kind, path, field.Dir, g}, nil
}

func (l lockHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: filepath.Base(l.path), path: l.path}}, nil
}

// lockInherited is a flock whose creator is dead: a child of it, which inherited the open file, holds it without knowing.
const lockInherited = "inherited"

// The roles of the process that takes a lock, and of the one that inherits it.
const (
	roleHoldLock = "hold-lock"
	roleKeepFile = "keep-file"
)

// The words between a lock's holder and us.
const (
	wordLock = "lock"
	wordHeld = "held"
	wordHeir = "heir " // and a pid
)

func (l lockHarm) strike(ctx context.Context, at target) (effect, error) {
	holder, err := startHelper(roleHoldLock, l.kind, at.path, l.dir)
	if err != nil {
		return effect{}, err
	}
	keeper := holder.process
	if l.kind == lockInherited {
		if keeper, err = heir(ctx, holder); err != nil {
			return effect{}, errors.Join(err, holder.release())
		}
	}
	id, err := l.guardian.add(undo{Kind: undoHelper, process: keeper, Until: time.Now().Add(Longest + spare)})
	if err != nil {
		return effect{}, errors.Join(err, holder.release())
	}
	heal := func() (string, error) {
		if err := errors.Join(holder.release(), keeper.end(deathLimit)); err != nil {
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
		err = l.see(keeper.PID, at.path)
	}
	if err == nil && l.kind == lockInherited && !endsSoon(holder.process) {
		err = fmt.Errorf("pid %d, which took the lock, has not ended", holder.PID)
	}
	if err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	detail := l.kind + " held"
	if l.kind == lockInherited {
		detail = fmt.Sprintf("flock held by an open file that pid %d left to it and died", holder.PID)
	}
	return effect{pid: keeper.PID, detail: detail, heal: heal}, nil
}

// heir is the child that will hold the lock after its parent's death. It ends with our pipe to its parent, which it
// inherited too.
func heir(ctx context.Context, holder *helper) (process, error) {
	line, err := holder.line(ctx)
	if err != nil {
		return process{}, err
	}
	text, ok := strings.CutPrefix(line, wordHeir)
	pid, err := strconv.Atoi(text)
	if !ok || err != nil {
		return process{}, errors.New(line) // its reason why not
	}
	return identify(pid)
}

// endsSoon waits a moment for the end of a process that is about to end.
func endsSoon(p process) bool {
	for deadline := time.Now().Add(stopLimit); p.alive(); time.Sleep(step) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// see finds the lock among those that the kernel says the holder has: proc_pid_fdinfo(5).
func (l lockHarm) see(pid int, path string) error {
	var file unix.Stat_t
	if err := unix.Stat(path, &file); err != nil {
		return fmt.Errorf("stat %s: %w", path, err)
	}
	class := proc.LockClass(l.kind)
	if l.kind == lockInherited {
		class = proc.LockClass("flock")
	}
	fds, err := procFS.FDs(pid)
	if err != nil {
		return fmt.Errorf("look for the lock among the descriptors of pid %d: %w", pid, err)
	}
	for _, fd := range fds {
		info, err := procFS.Descriptor(pid, fd).Info()
		if err != nil {
			continue // closed meanwhile
		}
		for _, held := range info.Locks {
			if held.Class == class && held.Inode == file.Ino {
				return nil
			}
		}
	}
	return fmt.Errorf("the kernel shows no %s lock on %s (inode %d) with pid %d", class, path, file.Ino, pid)
}

// holdLock is the helper's process: it takes the lock when told to and holds it until its input ends.
func holdLock(kind, path, dir string, in *os.File, out io.Writer) int {
	file, err := openInside(dir, path)
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer file.Close()
	if kind == lockInherited {
		pid, err := startHeir(path, in, file)
		if err != nil {
			fmt.Fprintln(out, err)
			return 1
		}
		fmt.Fprintln(out, wordHeir+strconv.Itoa(pid))
	}
	words := bufio.NewScanner(in)
	if !words.Scan() || words.Text() != wordLock {
		return 1
	}
	// Waits where another has it: whoever writes a log line lets go in a moment. We are killed when hangtime no
	// longer wants it.
	if err := takeLock(kind, file); err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	fmt.Fprintln(out, wordHeld)
	if kind == lockInherited {
		return 0 // the lock is the open file's, and the heir has that
	}
	for words.Scan() {
	}
	return 0
}

// openInside opens the file at a path in a folder, and makes it where it is missing. A link that leads out of the
// folder is an error. O_NONBLOCK: a FIFO that stands there would be waited for.
func openInside(dir, path string) (*os.File, error) {
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NONBLOCK, 0o644)
}

// leadsOut says why a file is not one of a folder, or cannot be: its own folder has to be there.
func leadsOut(dir, name string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("the folder of the file to lock: %w", err)
	}
	defer root.Close()
	if _, err := root.Stat(filepath.Dir(name)); err != nil {
		return fmt.Errorf("the folder of the file to lock: %w", err)
	}
	if _, err := root.Stat(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the file to lock: %w", err)
	}
	return nil
}

// startHeir starts a child that has the open file and the input.
func startHeir(path string, in, file *os.File) (pid int, err error) {
	cmd, err := inRole(roleKeepFile, "inherited", path)
	if err != nil {
		return 0, err
	}
	cmd.Stdin, cmd.ExtraFiles = in, []*os.File{file}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	return cmd.Process.Pid, nil
}

// keepFile is the heir's process: it does nothing until nobody writes to its input any more. It reads nothing: what
// comes is for its parent.
func keepFile(in *os.File) int {
	for {
		// Events that are not asked for are told all the same: POLLHUP of poll(2).
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(in.Fd())}}, -1) // #nosec: a descriptor fits
		if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return 0
		}
	}
}

func takeLock(kind string, file *os.File) error {
	for {
		var err error
		if kind != "fcntl" {
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
