package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hangtime-dev/hangtime/input"
)

// Extension is that of a recording: JSON lines, gzip (so zcat shows it).
const Extension = ".hangtime"

// maxLine bounds one record; the largest, a header with its scenario, is far below.
const maxLine = 8 << 20

// longestRun bounds the moments of a recording: a watch may go on for long, and what is kept for each second of it is
// not to fill the memory.
const longestRun = 366 * 24 * time.Hour

// A Writer appends records to a recording.
type Writer struct {
	file *os.File
	gz   *gzip.Writer
	enc  *json.Encoder
}

// Create makes a new recording at path; an existing file is an error, never overwritten.
func Create(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	gz := gzip.NewWriter(f)
	enc := json.NewEncoder(gz)
	enc.SetEscapeHTML(false)
	return &Writer{f, gz, enc}, nil
}

// Append writes the records and flushes them to the operating system, so that they outlive a crash of hangtime.
func (w *Writer) Append(records []Record) error {
	if len(records) == 0 {
		return nil
	}
	for i := range records {
		if err := w.enc.Encode(records[i]); err != nil {
			return fmt.Errorf("write recording %s: %w", w.file.Name(), err)
		}
	}
	if err := w.gz.Flush(); err != nil {
		return fmt.Errorf("write recording %s: %w", w.file.Name(), err)
	}
	return nil
}

// Close ends the file.
func (w *Writer) Close() error {
	return errors.Join(w.gz.Close(), w.file.Close())
}

// ErrTorn says that a recording breaks off before its end, in a record or between two, as after a crash; all whole
// records before were read.
var ErrTorn = errors.New("the recording breaks off before its end")

// A Reader reads a recording from its beginning.
type Reader struct {
	name  string
	lines *bufio.Scanner
	close func() error
	line  int
	last  Record
}

// OpenRecording opens the recording at path.
func OpenRecording(path string) (*Reader, error) {
	f, err := input.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	r, err := NewReader(path, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.close = f.Close
	return r, nil
}

// NewReader reads a recording from src; name is for errors only.
func NewReader(name string, src io.Reader) (*Reader, error) {
	packed := &counted{src: src}
	gz, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("%s: not a recording of hangtime (want gzip): %w", name, err)
	}
	sc := bufio.NewScanner(&wholeLines{src: &unpacked{packed: packed, src: gz}})
	sc.Buffer(make([]byte, 64<<10), maxLine)
	return &Reader{name: name, lines: sc, close: func() error { return nil }}, nil
}

// Next returns the next record; io.EOF at the end; ErrTorn (wrapped) where the file breaks off.
func (r *Reader) Next() (Record, error) {
	if !r.lines.Scan() {
		switch err := r.lines.Err(); {
		case err == nil:
			return Record{}, io.EOF
		case errors.Is(err, io.ErrUnexpectedEOF):
			return Record{}, fmt.Errorf("%s:%d: %w", r.name, r.line, ErrTorn)
		default:
			return Record{}, fmt.Errorf("%s:%d: %w", r.name, r.line+1, err)
		}
	}
	r.line++
	if r.line == 1 {
		if err := r.header(r.lines.Bytes()); err != nil {
			return Record{}, err
		}
	}
	var rec Record
	if err := json.Unmarshal(r.lines.Bytes(), &rec); err != nil {
		return Record{}, fmt.Errorf("%s:%d: %w", r.name, r.line, err)
	}
	if rec.At > longestRun {
		return Record{}, fmt.Errorf("%s:%d: record %d at %v: want at most %v", r.name, r.line, rec.Seq, rec.At, longestRun)
	}
	if err := rec.Sound(); err != nil {
		return Record{}, fmt.Errorf("%s:%d: %w", r.name, r.line, err)
	}
	if rec.Seq != r.last.Seq+1 || rec.At < r.last.At {
		return Record{}, fmt.Errorf("%s:%d: record %d at %v follows record %d at %v: want the next number and no earlier time", r.name, r.line, rec.Seq, rec.At, r.last.Seq, r.last.At)
	}
	r.last = rec
	return rec, nil
}

// header refuses what is no recording, or one of a later format, before the rest of the line is read: a later header
// may have fields that this version does not know.
func (r *Reader) header(line []byte) error {
	var first struct {
		Kind  string `json:"kind"`
		Event struct {
			Format int    `json:"format"`
			Tool   string `json:"tool"`
		} `json:"event"`
	}
	if err := json.Unmarshal(line, &first); err != nil {
		return fmt.Errorf("%s:1: %w", r.name, err)
	}
	switch format := first.Event.Format; {
	case first.Kind != (Header{}).kind() || format < 1:
		return fmt.Errorf("%s:1: want a header of format 1 to %d; this file was not written by hangtime", r.name, Format)
	case format > Format:
		return fmt.Errorf("%s:1: format %d was not written by this version of hangtime, which reads up to %d, but by %s: want that or a later one", r.name, format, Format, first.Event.Tool)
	}
	return nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.close() }

// wholeLines turns a stream that was cut off into its whole lines followed by io.ErrUnexpectedEOF: without it the
// scanner would hand out half a record as the last line.
type wholeLines struct {
	src  io.Reader
	part []byte // after the last newline
	out  []byte // whole lines, not yet read
	err  error
}

func (w *wholeLines) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		if w.err != nil {
			if errors.Is(w.err, io.EOF) && len(w.part) > 0 {
				return 0, io.ErrUnexpectedEOF
			}
			return 0, w.err
		}
		buf := make([]byte, 64<<10)
		n, err := w.src.Read(buf)
		w.part = append(w.part, buf[:n]...)
		if i := bytes.LastIndexByte(w.part, '\n'); i >= 0 {
			w.out, w.part = w.part[:i+1], bytes.Clone(w.part[i+1:])
		}
		if len(w.part) > maxLine {
			err = fmt.Errorf("a line of over %d bytes", maxLine)
		}
		w.err = err
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}
