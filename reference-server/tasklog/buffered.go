package tasklog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// bufferLimit bounds what waits to be written, bytes. A line that does not fit is dropped and counted; the count is
// written as soon as there is room.
const bufferLimit = 4 << 20

// buffered hands lines to a writer goroutine, so that whoever logs never waits for the disk.
type buffered struct {
	path string

	mu      sync.Mutex
	wake    *sync.Cond // the writer waits for lines; Reopen and Close wait for the writer
	waiting []byte
	lost    uint64
	unsaid  uint64 // of lost, how many the log does not say yet
	reopen  bool
	renewed error // of the last reopening alone
	closing bool
	err     error // the last that the disk said, also long ago

	done chan struct{} // closed when the writer has ended
}

func openBuffered(path string) (*buffered, error) {
	file, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	b := &buffered{path: path, done: make(chan struct{})}
	b.wake = sync.NewCond(&b.mu)
	go b.write(file)
	return b, nil
}

func (b *buffered) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting)+len(line) > bufferLimit || b.closing {
		b.lost++
		b.unsaid++
		return len(line), nil
	}
	if len(b.waiting) == 0 {
		b.wake.Broadcast()
	}
	b.waiting = append(b.waiting, line...)
	return len(line), nil
}

// write is the writer: it alone touches the file.
func (b *buffered) write(file *os.File) {
	defer close(b.done)
	var batch []byte
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for len(b.waiting) == 0 && b.unsaid == 0 && !b.reopen && !b.closing {
			b.wake.Wait()
		}
		batch, b.waiting = b.waiting, batch[:0]
		unsaid, reopen, closing := b.unsaid, b.reopen, b.closing
		b.unsaid = 0
		b.mu.Unlock()
		lost, err := writeLines(file, batch)
		if unsaid > 0 && err == nil {
			var notSaid uint64
			notSaid, err = writeLines(file, fmt.Appendf(nil,
				`{"time":"%s","level":"WARN","msg":"log lines dropped","lines":%d,"pid":%d}`+"\n",
				time.Now().Format(time.RFC3339Nano), unsaid, os.Getpid()))
			if notSaid == 0 {
				unsaid = 0
			}
		}
		var failed error
		if reopen {
			// What was logged before the signal is in the old file, whole; what follows goes to the new one.
			file, failed = renew(file, b.path)
			err = errors.Join(err, failed)
		}
		b.mu.Lock()
		b.lost += lost
		b.unsaid += lost + unsaid
		if err != nil {
			b.err = err
			if b.unsaid > 0 && !closing {
				b.pause()
			}
		}
		if reopen {
			b.reopen, b.renewed = false, failed
			b.wake.Broadcast()
		}
		if closing && len(b.waiting) == 0 {
			if err := file.Close(); b.err == nil {
				b.err = err
			}
			return
		}
	}
}

// retryPause is how long the writer waits after the disk took nothing.
const retryPause = 100 * time.Millisecond

// pause is called with the mutex held.
func (b *buffered) pause() {
	b.mu.Unlock()
	time.Sleep(retryPause)
	b.mu.Lock()
}

// writeLines writes the batch. When the disk takes only a part of it, a line that it cut is taken back, so that none
// is torn, and the rest is counted as lost.
func writeLines(file *os.File, batch []byte) (lost uint64, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	done, err := writeAll(int(file.Fd()), batch)
	if err == nil {
		return 0, nil
	}
	whole := bytes.LastIndexByte(batch[:done], '\n') + 1
	if done > whole {
		if st, e := file.Stat(); e == nil {
			err = errors.Join(err, file.Truncate(st.Size()-int64(done-whole)))
		}
	}
	return uint64(bytes.Count(batch[whole:], []byte{'\n'})), err
}

// renew opens path again; when that fails the old file goes on being written.
func renew(old *os.File, path string) (*os.File, error) {
	file, err := openAppend(path)
	if err != nil {
		return old, err
	}
	return file, old.Close()
}

func (b *buffered) Reopen() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reopen = true
	b.wake.Broadcast()
	for b.reopen && !b.closing {
		b.wake.Wait()
	}
	return b.renewed
}

func (b *buffered) Lost() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

func (b *buffered) Close() error {
	b.mu.Lock()
	b.closing = true
	b.wake.Broadcast()
	b.mu.Unlock()
	<-b.done
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}
