package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

const intro = `# "Running Async Tasks with Multiple Gunicorn Workers", tested

The article of that name, here called *the guide*, says why event loops of multi-worker servers hang and what helps. This page takes its claims one by one, each with what was measured and the finding: *true*, *false*, or *only when* (true under a condition that the guide does not name).

Only the questions are written by hand. ` + "`make guide`" + ` runs the scenarios below in their quick form on the machine where it is started (about ten minutes), keeps the figures in [guide/figures.json](guide/figures.json), and derives findings and sentences from
them with the expressions in [guide/claims.yaml](guide/claims.yaml): if the figures change, so does the page. [metrics.md](metrics.md) says what each figure means. Claims about Python or gunicorn themselves were tested in them, by [guide/facts.py](guide/facts.py); claims about Celery and RQ in these, by the scenarios in examples/; everything else in hangtime's reference server, which has the guide's
task manager and each of its practices as a setting ([reference-server.md](reference-server.md)).

`

// write makes the page.
func write(out io.Writer, c *claims, all measurements) error {
	p := page{out: out}
	p.print(intro)
	p.measuredWith(all)
	p.print("| | claim | finding |\n| --- | --- | --- |\n")
	var bodies strings.Builder
	body := page{out: &bodies}
	for i := range c.Claims {
		one := &c.Claims[i]
		is, says, err := one.judge(all)
		if err != nil {
			return err
		}
		number := fmt.Sprintf("%d. %s", i+1, one.Title)
		p.print("| %d | [%s](#%s) | **%s** |\n", i+1, one.Title, anchor(number), is)
		body.claim(number, one, is, says, all)
	}
	p.print("%s", bodies.String())
	if len(c.Unmeasured) > 0 {
		p.print("\n## Not measured\n\n")
		for _, u := range c.Unmeasured {
			p.print("- %s: %s\n", u.Claim, u.Why)
		}
	}
	return p.err
}

// A page is written to until that fails.
type page struct {
	out io.Writer
	err error
}

func (p *page) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, args...)
	}
}

// measuredWith says when and on what, once for each tool.
func (p *page) measuredWith(all measurements) {
	var lines []string
	for _, m := range all {
		line := fmt.Sprintf("%s on Linux %s, %d cores, %s", m.Tool, m.Kernel, m.Cores, m.Started.Format("2006-01-02"))
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	p.print("Measured with %s.\n\n", strings.Join(lines, "; "))
}

func (p *page) claim(number string, c *claim, is, says string, all measurements) {
	p.print("\n## %s\n\n%s:\n\n", number, c.Where)
	for line := range strings.Lines(strings.TrimSpace(c.Quote)) {
		p.print("> %s\n", strings.TrimSpace(line))
	}
	p.print("\n%s\n\n", emphasized(is, says))
	p.figures(c, all)
	p.print("\n```sh\n")
	var commands []string
	for _, l := range c.looks {
		command := "hangtime run " + scenarioOf(l.source) + " --quick"
		if path := scenarioOf(l.source); path != l.source {
			command = "cd " + filepath.Dir(path) + " && hangtime run ./" + filepath.Base(path) + " --quick # with a Redis server, see README.md there"
		}
		if l.source == python {
			command = pythonBinary + " " + pythonProgram
		}
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
			p.print("%s\n", command)
		}
	}
	p.print("```\n")
}

// emphasized begins with the finding; a condition begins with it anyway.
func emphasized(is, says string) string {
	for _, begin := range []string{"Only when", "Only"} {
		if rest, ok := strings.CutPrefix(says, begin); ok && is == "only when" {
			return "**" + begin + "**" + rest
		}
	}
	return "**" + strings.ToUpper(is[:1]) + is[1:] + ".** " + says
}

// figures is what the finding rests on: a row a figure, a column a variant.
func (p *page) figures(c *claim, all measurements) {
	p.print("| |")
	for _, l := range c.looks {
		p.print(" %s, `%s` |", l.source, l.variant)
	}
	p.print("\n| --- |%s\n", strings.Repeat(" --- |", len(c.looks)))
	for _, figure := range c.rests() {
		name, _ := title(figure)
		switch figure {
		case "causes":
			name = "causes of the incidents"
		case "victims":
			name = "workers in an incident"
		case "outcome":
			name = "behaved as the scenario says, every check held"
		case "why":
			continue // it is a sentence
		}
		p.print("| %s |", name)
		for _, l := range c.looks {
			v := all[l.source].Variants[l.variant]
			text, ok := v.text(figure)
			if !ok {
				text = ""
			}
			p.print(" %s |", text)
		}
		p.print("\n")
	}
}

// anchor is how GitHub names the place of a heading.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
			b.WriteRune(r)
		}
	}
	return b.String()
}
