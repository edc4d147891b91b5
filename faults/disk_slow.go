package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A slowDisk is a file system in user space that hands everything on to a folder, and on command takes its time. It
// is served by a helper process, for a process must not use a file system that it serves itself.
type slowDisk struct {
	*mounted
	server *helper
}

// roleSlowDisk is the role of the process that serves it.
const roleSlowDisk = "slow-disk"

// The words between a slow disk and us; the first tells it that the guardian knows of the mount.
const (
	wordMount   = "mount"
	wordMounted = "mounted"
	wordDelay   = "delay "
	wordDone    = "done"
)

// mountSlow mounts it on the server's log folder. What is written lies in a folder beside it.
func mountSlow(ctx context.Context, _ scenarios.Fault, dir string, g *Guardian) (disk, error) {
	under := dir + ".disk"
	if err := os.Mkdir(under, 0o700); err != nil {
		return nil, err
	}
	server, err := startHelper(roleSlowDisk, under, dir)
	if err != nil {
		return nil, err
	}
	id, err := g.add(undo{Kind: undoHelper, process: server.process})
	if err != nil {
		return nil, errors.Join(err, server.release())
	}
	d := &slowDisk{server: server}
	d.mounted, err = mountOn(dir, g, func() error {
		return errors.Join(server.tell(wordMount), server.await(ctx, wordMounted))
	})
	if err != nil {
		return nil, errors.Join(err, server.release(), g.drop(id))
	}
	d.ids = append(d.ids, id)
	return d, nil
}

func (d *slowDisk) unmount() error { return errors.Join(d.mounted.unmount(), d.server.release()) }

func (d *slowDisk) delay(ctx context.Context, by time.Duration) error {
	if err := d.server.tell(wordDelay + by.String()); err != nil {
		return err
	}
	return d.server.await(ctx, wordDone)
}

type slowDiskHarm struct {
	disk  *slowDisk
	delay time.Duration
}

func prepareSlowDisk(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if field.Ground != nil {
		if d, ok := field.Ground.disk.(*slowDisk); ok {
			return slowDiskHarm{d, f.Delay}, nil
		}
	}
	return nil, errors.New("no slow disk was laid below the server's log folder")
}

func (s slowDiskHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: "the disk of the server's log folder", path: s.disk.dir}}, nil
}

func (s slowDiskHarm) strike(ctx context.Context, _ target) (effect, error) {
	heal := func() (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return "", s.disk.delay(ctx, 0)
	}
	if err := s.disk.delay(ctx, s.delay); err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	return effect{pid: s.disk.server.PID, detail: fmt.Sprintf("each read, write and sync takes %v longer", s.delay),
		heal: heal}, nil
}

// A brake holds operations up. Letting go lets all of them go at once.
type brake struct {
	mu    sync.Mutex
	delay time.Duration
	let   chan struct{} // closed when the delay changes
}

func (b *brake) set(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = d
	close(b.let)
	b.let = make(chan struct{})
}

// wait holds one operation up; one that its caller gave up is not held.
func (b *brake) wait(ctx context.Context) syscall.Errno {
	b.mu.Lock()
	d, let := b.delay, b.let
	b.mu.Unlock()
	if d == 0 {
		return 0
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-let:
	case <-ctx.Done():
		return syscall.EINTR
	}
	return 0
}

// serveSlowDisk is the helper's process: it serves the mount until its input ends.
func serveSlowDisk(under, on string, in io.Reader, out io.Writer) int {
	words := bufio.NewScanner(in)
	if !words.Scan() { // the guardian knows how to take the mount away
		return 1
	}
	b := &brake{let: make(chan struct{})}
	plain, err := fs.NewLoopbackRoot(under)
	if err != nil {
		fmt.Fprintln(out, "the folder below the slow disk:", err)
		return 1
	}
	root := &slowNode{LoopbackNode: plain.(*fs.LoopbackNode), brake: b}
	server, err := fs.Mount(on, root, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, AllowOther: true,
		FsName: "hangtime", Name: "slow-disk"}})
	if err != nil {
		fmt.Fprintln(out, "mount the slow disk:", err)
		return 1
	}
	fmt.Fprintln(out, wordMounted)
	for words.Scan() {
		text, ok := strings.CutPrefix(words.Text(), wordDelay)
		d, err := time.ParseDuration(text)
		if !ok || err != nil {
			fmt.Fprintf(out, "the slow disk does not know %q\n", words.Text())
			continue
		}
		b.set(d)
		fmt.Fprintln(out, wordDone)
	}
	b.set(0)
	_ = server.Unmount() // hangtime sees to it that the mount is gone
	return 0
}

type slowNode struct {
	*fs.LoopbackNode
	brake *brake
}

// WrapChild makes every file and folder below one of ours too.
func (n *slowNode) WrapChild(_ context.Context, plain fs.InodeEmbedder) fs.InodeEmbedder {
	return &slowNode{LoopbackNode: plain.(*fs.LoopbackNode), brake: n.brake}
}

// Open and Create ask for direct I/O: the page cache would answer in our place.
func (n *slowNode) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	h, f, errno := n.LoopbackNode.Open(ctx, flags)
	if errno != 0 {
		return h, f, errno
	}
	return n.slowed(h), f | fuse.FOPEN_DIRECT_IO, 0
}

func (n *slowNode) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode,
	fs.FileHandle, uint32, syscall.Errno) {
	child, h, f, errno := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	if errno != 0 {
		return child, h, f, errno
	}
	return child, n.slowed(h), f | fuse.FOPEN_DIRECT_IO, 0
}

func (n *slowNode) slowed(h fs.FileHandle) fs.FileHandle {
	if file, ok := h.(*fs.LoopbackFile); ok {
		return &slowFile{file, n.brake}
	}
	return h
}

type slowFile struct {
	*fs.LoopbackFile
	brake *brake
}

func (f *slowFile) Write(ctx context.Context, data []byte, at int64) (uint32, syscall.Errno) {
	if errno := f.brake.wait(ctx); errno != 0 {
		return 0, errno
	}
	return f.LoopbackFile.Write(ctx, data, at)
}

func (f *slowFile) Read(ctx context.Context, into []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	if errno := f.brake.wait(ctx); errno != 0 {
		return nil, errno
	}
	return f.LoopbackFile.Read(ctx, into, at)
}

func (f *slowFile) Fsync(ctx context.Context, flags uint32) syscall.Errno {
	if errno := f.brake.wait(ctx); errno != 0 {
		return errno
	}
	return f.LoopbackFile.Fsync(ctx, flags)
}
