package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
)

//go:embed compare.html
var comparePage string

// HTML writes the comparison as one page that needs no network.
func (c Comparison) HTML(out io.Writer) error {
	tmpl, err := template.New("compare").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(style) },
		"side":   func(i int) string { return c.side(i) },
		"value":  func(f ComparedFigure, side int) string { return f.Value(side) },
		"change": func(f ComparedFigure) string { return f.change() },
		"ratios": ratioChart, "policy": policy,
	}).Parse(comparePage)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	return writePage(out, tmpl, c)
}

// ratioChart draws how many times more B has of each figure than A, on a scale of halves and doubles: what does not
// differ stands in the middle.
func ratioChart(v ComparedVariant) template.HTML {
	const (
		width, left, row = 960, 250, 22
		most             = 5.0 // doublings
	)
	type bar struct {
		title string
		ratio float64
		sure  bool
	}
	var bars []bar
	for _, f := range v.Figures {
		if ratio, ok := f.Ratio(); ok && ratio > 0 && !f.same() {
			bars = append(bars, bar{f.Title, ratio, f.P >= 0 && f.P < alpha})
		}
	}
	if len(bars) == 0 {
		return ""
	}
	height := len(bars)*row + 34
	x := func(ratio float64) float64 {
		return left + (width-left-20)*(min(max(math.Log2(ratio), -most), most)+most)/(2*most)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height,
		template.HTMLEscapeString(fmt.Sprintf("B over A for %d figures of %s that differ; the table below has the numbers", len(bars), v.Name)))
	for _, at := range []float64{1. / 32, 1. / 8, 1. / 2, 1, 2, 8, 32} {
		class, text := "grid", fmt.Sprintf("%gx", at)
		if at == 1 {
			class = "tick"
		}
		if at < 1 {
			text = fmt.Sprintf("1/%.0fx", 1/at)
		}
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" x2="%.1f" y1="6" y2="%d"/><text class="axis" x="%.1f" y="%d" text-anchor="middle">%s</text>`, class, x(at), x(at), height-24, x(at), height-8, text)
	}
	for i, one := range bars {
		y, class := float64(i*row+10), "ratio"
		if one.sure {
			class = "ratio sure"
		}
		from, to := min(x(1), x(one.ratio)), max(x(1), x(one.ratio))
		fmt.Fprintf(&b, `<text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text><rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%d"><title>%s: %.2fx</title></rect>`,
			left-10, y+12, template.HTMLEscapeString(one.title), class, from, y, max(to-from, 2), row-8,
			template.HTMLEscapeString(one.title), one.ratio)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}
