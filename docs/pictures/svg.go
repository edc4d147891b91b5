package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// Sizes in pixels.
const (
	cellWidth  = 8.0
	cellHeight = 17.0
	fontSize   = 13.3
	margin     = 14.0
	captionGap = 26.0
)

// A frame is a screen, cell by cell.
type frame struct {
	caption string
	cells   [][]uv.Cell
}

func frameOf(caption string, e *vt.Emulator) frame {
	f := frame{caption: caption}
	for y := range e.Height() {
		row := make([]uv.Cell, 0, e.Width())
		for x := range e.Width() {
			cell := uv.Cell{Content: " ", Width: 1}
			if c := e.CellAt(x, y); c != nil && c.Content != "" {
				cell = *c
			}
			row = append(row, cell)
		}
		f.cells = append(f.cells, row)
	}
	return f
}

// svg draws frames one below the other. Lines and blocks are drawn as shapes, so that the picture does not depend on
// the reader's fonts.
func svg(frames []frame, light bool) string {
	text, back := "#d7dae0", "#16181d"
	if light {
		text, back = "#24272c", "#ffffff"
	}
	var body strings.Builder
	width, y := 0.0, margin
	for _, f := range frames {
		width = max(width, float64(len(f.cells[0]))*cellWidth+2*margin)
		if f.caption != "" {
			fmt.Fprintf(&body, `<text x="%g" y="%g" class="caption">%s</text>`+"\n", margin, y+captionGap*0.6,
				html.EscapeString(f.caption))
			y += captionGap
		}
		for i, row := range f.cells {
			drawRow(&body, row, y+float64(i)*cellHeight, text, back)
		}
		y += float64(len(f.cells))*cellHeight + margin
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+
		"\n", width, y, width, y)
	fmt.Fprintf(&out, `<style>text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:%gpx;white-space:pre;fill:%s}`+
		`.b{font-weight:bold}.caption{font-family:system-ui,sans-serif;font-size:15px}</style>`+"\n", fontSize, text)
	fmt.Fprintf(&out, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", back)
	return out.String() + body.String() + "</svg>\n"
}

// drawRow draws runs of cells that look alike together.
func drawRow(b *strings.Builder, row []uv.Cell, y float64, text, back string) {
	for x := 0; x < len(row); {
		end := x + 1
		shape := shapeOf(row[x].Content)
		for end < len(row) && row[end].Style.Equal(&row[x].Style) &&
			(shape == "") == (shapeOf(row[end].Content) == "") && (shape == "" || row[end].Content == row[x].Content) {
			end++
		}
		drawRun(b, row[x:end], margin+float64(x)*cellWidth, y, text, back)
		x = end
	}
}

func drawRun(b *strings.Builder, cells []uv.Cell, x, y float64, text, back string) {
	style := cells[0].Style
	fill, paper := hex(style.Fg, text), hex(style.Bg, "")
	if style.Attrs&uv.AttrReverse != 0 {
		fill, paper = hex(style.Bg, back), hex(style.Fg, text)
	}
	w := float64(len(cells)) * cellWidth
	if paper != "" {
		fmt.Fprintf(b, `<rect x="%g" y="%g" width="%g" height="%g" fill="%s"/>`+"\n", x, y, w, cellHeight, paper)
	}
	if shape := shapeOf(cells[0].Content); shape != "" {
		drawShape(b, shape, x, y, w, len(cells), fill)
		return
	}
	var s strings.Builder
	for _, c := range cells {
		s.WriteString(c.Content)
	}
	words := strings.TrimRight(s.String(), " ")
	if words == "" {
		return
	}
	lead := len(words) - len(strings.TrimLeft(words, " "))
	words = words[lead:]
	class, opacity := "", ""
	if style.Attrs&uv.AttrBold != 0 {
		class = ` class="b"`
	}
	if style.Attrs&uv.AttrFaint != 0 {
		opacity = ` opacity="0.65"`
	}
	fmt.Fprintf(b, `<text xml:space="preserve" x="%g" y="%g" textLength="%g"%s%s style="fill:%s">%s</text>`+"\n",
		x+float64(lead)*cellWidth, y+cellHeight*0.76, float64(len([]rune(words)))*cellWidth, class, opacity, fill,
		html.EscapeString(words))
}

// shapeOf is a character that is drawn as a shape; empty: it is text.
func shapeOf(content string) string {
	if content != "" && strings.Contains("█▓▒░▁▂▃▄▅▆▇─━│┌┐└┘╸‾", content) {
		return content
	}
	return ""
}

func drawShape(b *strings.Builder, shape string, x, y, w float64, n int, fill string) {
	box := func(x, y, w, h, opacity float64) {
		fmt.Fprintf(b, `<rect x="%g" y="%g" width="%g" height="%g" fill="%s"`, x, y, w, h, fill)
		if opacity < 1 {
			fmt.Fprintf(b, ` opacity="%g"`, opacity)
		}
		b.WriteString("/>\n")
	}
	middle := y + cellHeight/2
	switch shape {
	case "█":
		box(x, y, w, cellHeight, 1)
	case "▓":
		box(x, y, w, cellHeight, 0.75)
	case "▒":
		box(x, y, w, cellHeight, 0.5)
	case "░":
		box(x, y, w, cellHeight, 0.28)
	case "─":
		box(x, middle-0.6, w, 1.2, 1)
	case "━":
		box(x, middle-1.5, w, 3, 1)
	case "╸":
		box(x, middle-1.5, w/2, 3, 1)
	case "‾":
		box(x, y+1, w, 1.2, 1)
	case "│":
		for i := range n {
			box(x+(float64(i)+0.5)*cellWidth-0.6, y, 1.2, cellHeight, 1)
		}
	case "┌", "┐", "└", "┘":
		for i := range n {
			corner(box, shape, x+float64(i)*cellWidth, y)
		}
	default: // ▁ to ▇: eighths from below
		eighths := float64([]rune(shape)[0] - '▁' + 1)
		box(x, y+cellHeight*(1-eighths/8), w, cellHeight*eighths/8, 1)
	}
}

func corner(box func(x, y, w, h, opacity float64), shape string, x, y float64) {
	across, down := x+cellWidth/2, y+cellHeight/2
	if shape == "┌" || shape == "└" {
		box(across-0.6, down-0.6, cellWidth/2+0.6, 1.2, 1)
	} else {
		box(x, down-0.6, cellWidth/2+0.6, 1.2, 1)
	}
	if shape == "┌" || shape == "┐" {
		box(across-0.6, down-0.6, 1.2, cellHeight/2+0.6, 1)
	} else {
		box(across-0.6, y, 1.2, cellHeight/2+0.6, 1)
	}
}

func hex(c color.Color, none string) string {
	if c == nil {
		return none
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
