package tui

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// A painter is the terminal of a program, and writes to it what of a frame differs from the one before. Bubble Tea's own
// renderer makes cells of each frame and compares them all, which was nine tenths of what a large screen cost; here a line that
// is still the same string is passed over. All else is left to Bubble Tea: the alternate screen, the modes of keys and
// mouse, and to leave the terminal as it was. What that writes may have moved or erased something, so the frame is
// drawn whole behind it.
type painter struct {
	mu    sync.Mutex // over all that follows: Bubble Tea writes from a goroutine of its own
	out   io.Writer
	shown bool // the alternate screen is: no frame is drawn beside it
	frame string
	lines []paintedLine // of the frame that is on the terminal; none: nothing of it is
	next  []paintedCell
	buf   bytes.Buffer
	style string // in which the terminal would write now
}

// A paintedLine is one that is on the terminal.
type paintedLine struct {
	text  string
	cells []paintedCell // nil: it has others than single cells, and is only ever drawn whole
}

// A paintedCell is a character that takes one cell, and the colour sequences that it stands behind.
type paintedCell struct{ style, text string }

// A terminalFile is a painter on a terminal: Bubble Tea asks it for its size and sets its modes.
type terminalFile struct {
	file
	painter *painter
}

type file interface {
	io.ReadWriteCloser
	Fd() uintptr
}

func (t terminalFile) Write(b []byte) (int, error) { return t.painter.Write(b) }

// newProgram is the program that shows a model on a terminal.
func newProgram(m tea.Model, out io.Writer, options ...tea.ProgramOption) *tea.Program {
	p := &painter{out: out}
	var terminal io.Writer = p
	if f, ok := out.(file); ok {
		terminal = terminalFile{f, p}
	}
	return tea.NewProgram(painted{m, p}, append(options, tea.WithOutput(terminal))...)
}

// painted is a model whose frames the painter draws.
type painted struct {
	tea.Model
	painter *painter
}

// Update implements tea.Model.
func (p painted) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	next, cmd := p.Model.Update(msg)
	if _, ok := msg.(tea.WindowSizeMsg); ok {
		p.painter.forget()
	}
	return painted{next, p.painter}, cmd
}

// View implements tea.Model. Bubble Tea is given a screen with a blank on it, which never changes.
func (p painted) View() tea.View {
	v := p.Model.View()
	p.painter.draw(v.Content)
	v.Content = " "
	return v
}

// Write sends what Bubble Tea has to say, and the frame behind it.
func (p *painter) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	on, off := bytes.LastIndex(b, []byte("\x1b[?1049h")), bytes.LastIndex(b, []byte("\x1b[?1049l"))
	if on >= 0 || off >= 0 {
		p.shown = on > off
	}
	p.lines = nil
	p.buf.Reset()
	p.buf.Write(b)
	p.paint()
	if _, err := p.out.Write(p.buf.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// forget has the next frame drawn whole: the terminal has another size, and nobody knows what it made of the last one.
func (p *painter) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = nil
}

// draw shows a frame.
func (p *painter) draw(frame string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frame = frame
	p.buf.Reset()
	p.paint()
	if p.buf.Len() > 0 {
		_, _ = p.out.Write(p.buf.Bytes()) // a terminal that is gone ends the program by its signal
	}
}

// paint adds what makes of the frame on the terminal the newest one.
func (p *painter) paint() {
	if !p.shown || p.frame == "" {
		return
	}
	before := p.buf.Len()
	high := strings.Count(p.frame, "\n") + 1
	if len(p.lines) != high {
		p.buf.WriteString("\x1b[m\x1b[2J")
		p.lines = make([]paintedLine, high)
	}
	// Without wrapping, a line that is too long for a terminal that has just become narrower moves no other.
	const wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"
	p.buf.WriteString(wrapOff)
	began := p.buf.Len()
	rest := p.frame
	for y := range p.lines {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if line != p.lines[y].text {
			p.paintLine(y, line)
		}
	}
	if p.buf.Len() == began {
		p.buf.Truncate(before)
		return
	}
	p.dress("")
	p.buf.WriteString(wrapOn)
}

// paintLine draws the cells of a line that have changed.
func (p *painter) paintLine(y int, line string) {
	was := &p.lines[y]
	cells, single := cellsOf(line, p.next[:0])
	p.next = cells
	switch {
	case !single:
		p.move(y, 0)
		p.dress("")
		p.buf.WriteString("\x1b[2K" + line)
		was.cells = nil
	case len(was.cells) != len(cells):
		p.move(y, 0)
		p.dress("")
		p.buf.WriteString("\x1b[2K")
		p.paintCells(cells)
		was.cells = append(was.cells[:0], cells...)
	default:
		p.paintChanged(y, was.cells, cells)
		copy(was.cells, cells)
	}
	was.text = line
}

// writeOver is up to how many unchanged cells are written again rather than skipped: a move takes as many bytes.
const writeOver = 5

func (p *painter) paintChanged(y int, was, cells []paintedCell) {
	at := -1 // where the terminal would write next; -1: somewhere else
	for x := range cells {
		if cells[x] == was[x] {
			continue
		}
		switch {
		case at < 0:
			p.move(y, x)
		case x-at <= writeOver:
			p.paintCells(cells[at:x])
		default:
			p.buf.WriteString("\x1b[")
			p.buf.WriteString(strconv.Itoa(x - at))
			p.buf.WriteByte('C')
		}
		p.paintCells(cells[x : x+1])
		at = x + 1
	}
}

func (p *painter) paintCells(cells []paintedCell) {
	for i := range cells {
		p.dress(cells[i].style)
		p.buf.WriteString(cells[i].text)
	}
}

// dress changes the colours that the terminal writes in.
func (p *painter) dress(style string) {
	if style == p.style {
		return
	}
	if p.style != "" {
		p.buf.WriteString("\x1b[m")
	}
	p.buf.WriteString(style)
	p.style = style
}

func (p *painter) move(y, x int) {
	p.buf.WriteString("\x1b[")
	p.buf.WriteString(strconv.Itoa(y + 1))
	p.buf.WriteByte(';')
	p.buf.WriteString(strconv.Itoa(x + 1))
	p.buf.WriteByte('H')
}

// cellsOf takes a line apart; false: not every character of it is known to take one cell.
func cellsOf(line string, cells []paintedCell) ([]paintedCell, bool) {
	style := ""
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == '\x1b':
			end := sgrEnd(line[i:])
			if end == 0 {
				return cells, false
			}
			if sgr := line[i : i+end]; sgr == "\x1b[m" || sgr == "\x1b[0m" {
				style = ""
			} else {
				style += sgr
			}
			i += end
		case c >= ' ' && c < 0x7f:
			cells = append(cells, paintedCell{style, line[i : i+1]})
			i++
		default:
			r, size := utf8.DecodeRuneInString(line[i:])
			if c < 0x80 || !oneCell(r) {
				return cells, false
			}
			cells = append(cells, paintedCell{style, line[i : i+size]})
			i += size
		}
	}
	return cells, true
}
