package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

//go:embed page.html
var page string

// style is what the pages of a run and of a comparison look like.
//
//go:embed page.css
var style string

// playStyle is what of a page plays a run.
//
//go:embed play.css
var playStyle string

// HTML writes the report as one page that needs no network: figures, checks, response time, lanes and incidents of
// every variant. Of a run that was filmed the page plays each moment, where scripts are allowed.
func (r *Report) HTML(out io.Writer) error {
	worst := worstOf(r)
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"style":    func() template.CSS { return template.CSS(style + playStyle) },
		"words":    marked,
		"stamp":    words.Moment,
		"response": func(v *Variant, i int) template.HTML { return responseChart(v, worst, i) },
		"lanes":    func(v *Variant, i int) template.HTML { return laneChart(v, r.Film, i) },
		"policy":   policy, "film": r.film, "playChart": r.playChart, "seek": seekTo,
		"workerCells": func() []string { return workerCells[:] },
		"stood":       func(v diagnose.Victim, end time.Duration) string { return stoodFor(v, end) },
	}).Parse(page)
	if err == nil {
		tmpl, err = tmpl.Parse(playPage)
	}
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	return writePage(out, tmpl, r.page())
}

// writePage fills a template. Escaping for HTML leaves what turns the direction of reading or acts on a terminal that
// shows the source.
func writePage(out io.Writer, tmpl *template.Template, data any) error {
	var b strings.Builder
	if err := tmpl.Execute(&b, data); err != nil {
		return err
	}
	_, err := io.WriteString(out, words.PrintableLines(b.String()))
	return err
}

// marked is a text of a scenario: what stands between backticks is code.
func marked(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String())
}

type pageView struct {
	*Report
	Summary []pageRow // what the text has
	Rows    []pageRow // every figure
	Views   []pageVariant
}

type pageRow struct {
	Title string
	Name  string
	Cells []string
}

type pageVariant struct {
	*Variant
	End time.Duration
}

func (r *Report) page() pageView {
	view := pageView{Report: r}
	view.Summary = append(view.Summary, r.row("incidents", func(v *Variant) string { return got(v.Verdict.Checks) }))
	for _, line := range summaryRows {
		view.Summary = append(view.Summary, r.row(line.title,
			func(v *Variant) string { return figureTexts(v.Verdict, line.names) }))
	}
	for i := range r.Variants {
		v := &r.Variants[i]
		view.Views = append(view.Views, pageVariant{v, r.endOf(v)})
		for j, f := range v.Verdict.Figures {
			if i == 0 {
				view.Rows = append(view.Rows, pageRow{Title: f.Title, Name: f.Name})
			}
			if j < len(view.Rows) {
				view.Rows[j].Cells = append(view.Rows[j].Cells, f.Text)
			}
		}
	}
	return view
}

func (r *Report) row(title string, cell func(*Variant) string) pageRow {
	row := pageRow{Title: title}
	for i := range r.Variants {
		row.Cells = append(row.Cells, cell(&r.Variants[i]))
	}
	return row
}

func stoodFor(v diagnose.Victim, end time.Duration) string {
	to := v.To
	if to < 0 {
		to = end
	}
	return words.Duration(to - v.From)
}
