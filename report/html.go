package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/verdict"
)

//go:embed page.html
var page string

// HTML writes the report as one page that needs no network: figures, checks, response time, lanes and incidents of every variant.
func (r *Report) HTML(out io.Writer) error {
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"stamp":    stamp,
		"response": responseChart,
		"lanes":    laneChart,
		"stood":    func(v diagnose.Victim, end time.Duration) string { return stoodFor(v, end) },
		"pct":      func(v float64) string { return fmt.Sprintf("%.0f", v*100) },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	return tmpl.Execute(out, r.page())
}

type pageView struct {
	*Report
	Rows     []pageRow
	Views    []pageVariant
	HasCheck bool
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
	for i := range r.Variants {
		v := &r.Variants[i]
		end := r.Now
		if v.To >= 0 {
			end = v.To
		}
		view.Views = append(view.Views, pageVariant{v, end})
		view.HasCheck = view.HasCheck || len(v.Verdict.Checks) > 0
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

func stoodFor(v diagnose.Victim, end time.Duration) string {
	to := v.To
	if to < 0 {
		to = end
	}
	return verdict.Duration(to - v.From)
}
