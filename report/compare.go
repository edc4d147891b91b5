package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aclements/go-moremath/stats"

	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// alpha is the chance of calling two sides different that are not.
const alpha = 0.05

// A Comparison sets two sides of the same scenario side by side; each side may be several runs, of which the median counts.
type Comparison struct {
	Names    [2]string
	Runs     [2]int
	Variants []ComparedVariant
}

// A ComparedVariant is one variant that both sides have.
type ComparedVariant struct {
	Name    string
	Figures []ComparedFigure
}

// A ComparedFigure is one figure of both sides.
type ComparedFigure struct {
	Name, Title, Unit string
	Median            [2]float64
	Known             [2]bool
	AtLeast           [2]bool // Median is a lower bound: what it measures was not seen to end
	// P is the p-value of the Mann-Whitney U test; negative: too few runs to say.
	P float64
}

// Ratio is the second side's median over the first's; false where that means nothing, as of a lower bound.
func (f ComparedFigure) Ratio() (float64, bool) {
	if !f.both() || f.bound() || f.Median[0] == 0 {
		return 0, false
	}
	return f.Median[1] / f.Median[0], true
}

func (f ComparedFigure) both() bool  { return f.Known[0] && f.Known[1] }
func (f ComparedFigure) bound() bool { return f.AtLeast[0] || f.AtLeast[1] }

// Compare sets a and b side by side. Both must be runs of one scenario and have a variant in common.
func Compare(names [2]string, a, b []*Report) (Comparison, error) {
	sides := [2][]*Report{a, b}
	out := Comparison{Names: names, Runs: [2]int{len(a), len(b)}}
	scenario := a[0].Header.Scenario
	for i, side := range sides {
		for _, r := range side {
			if r.Header.Scenario != scenario {
				return out, fmt.Errorf("%s is a run of %s, %s one of %s; want runs of one scenario", names[0], scenario,
					names[i], r.Header.Scenario)
			}
		}
	}
	for _, v := range a[0].Variants {
		if one, ok := compareVariant(v.Name, sides); ok {
			out.Variants = append(out.Variants, one)
		}
	}
	if len(out.Variants) == 0 {
		return out, fmt.Errorf("%s and %s have no variant in common", names[0], names[1])
	}
	return out, nil
}

func compareVariant(name string, sides [2][]*Report) (ComparedVariant, bool) {
	out := ComparedVariant{Name: name}
	for _, def := range scenarios.Figures() {
		fig := ComparedFigure{Name: def.Name, Title: def.Title, Unit: def.Unit, P: -1}
		var samples [2]samples
		for i, side := range sides {
			found := false
			for _, r := range side {
				v := slices.IndexFunc(r.Variants, func(v Variant) bool { return v.Name == name })
				if v < 0 {
					continue
				}
				found = true
				for _, f := range r.Variants[v].Verdict.Figures {
					if f.Name == def.Name && f.Known {
						samples[i].add(f)
					}
				}
			}
			if !found {
				return out, false
			}
			fig.Median[i], fig.AtLeast[i], fig.Known[i] = samples[i].median()
		}
		// With fewer than 4 runs a side no outcome of the test is below alpha.
		if len(samples[0].values) >= 4 && len(samples[1].values) >= 4 {
			beyond := max(samples[0].beyond(), samples[1].beyond())
			if test, err := stats.MannWhitneyUTest(samples[0].ranked(beyond), samples[1].ranked(beyond),
				stats.LocationDiffers); err == nil {
				fig.P = test.P
			}
		}
		out.Figures = append(out.Figures, fig)
	}
	return out, true
}

// change says how the second side differs, in words.
func (f ComparedFigure) change() string {
	text := f.ratioText()
	switch _, ok := f.Ratio(); {
	case f.both() && f.same():
		return "same"
	case !f.both():
		return ""
	case f.P >= 0:
		return text + " " + f.chance()
	case ok:
		return text + " (too few runs to tell from chance)"
	}
	return text
}

// Value is one side's median for people; "> 5 s" where it is a lower bound.
func (f ComparedFigure) Value(side int) string {
	return boundText(f.Median[side], f.Unit, f.Known[side], f.AtLeast[side])
}

func boundText(value float64, unit string, known, atLeast bool) string {
	text := verdict.Text(value, unit, known)
	if known && atLeast {
		text = "> " + text
	}
	return text
}

// Text writes the comparison as aligned columns: what differs, then how much does not.
func (c Comparison) Text(out io.Writer) error {
	w := &strings.Builder{}
	hanging(w, "A  ", c.side(0))
	hanging(w, "B  ", c.side(1))
	doubtful := false
	for _, v := range c.Variants {
		fmt.Fprintf(w, "\n%s%s%s%s\n", pad(words.Printable(v.Name), compareTitle), pad("A", compareCell),
			pad("B", compareCell), "B is")
		same := 0
		for _, f := range v.Figures {
			switch {
			case f.same():
				same++
				continue
			case f.P < 0:
				doubtful = true
			}
			row := pad(f.Title, compareTitle) + pad(f.Value(0), compareCell) + pad(f.Value(1), compareCell) + f.ratioText()
			if f.P >= 0 {
				row += " " + f.chance()
			}
			fmt.Fprintln(w, strings.TrimRight(row, " "))
		}
		fmt.Fprintf(w, "%d of %d figures are the same on both sides\n", same, len(v.Figures))
	}
	if doubtful {
		fmt.Fprintln(w)
		hanging(w, "", "With fewer than 4 runs a side nothing says whether a difference is chance: `hangtime run --repeat 5 --out DIR` makes them.")
	}
	_, err := io.WriteString(out, w.String())
	return err
}

const (
	compareTitle = 36
	compareCell  = 12
)

// same says whether nothing differs: equal, or unknown on both sides. Of two lower bounds nobody knows.
func (f ComparedFigure) same() bool {
	return !f.Known[0] && !f.Known[1] || f.both() && !f.bound() && f.Median[0] == f.Median[1]
}

func (f ComparedFigure) ratioText() string {
	ratio, ok := f.Ratio()
	switch {
	case ok && ratio >= 100:
		return fmt.Sprintf("%.0fx", ratio)
	case ok:
		return fmt.Sprintf("%.2fx", ratio)
	case f.both() && f.bound():
		return "not seen to end"
	case f.both():
		return "not 0"
	}
	return ""
}

// chance says whether a difference could be one, in words.
func (f ComparedFigure) chance() string {
	if f.P < alpha {
		return fmt.Sprintf("(p=%.3f)", f.P)
	}
	return fmt.Sprintf("(may be chance, p=%.3f)", f.P)
}

func (c Comparison) side(i int) string {
	if c.Runs[i] == 1 {
		return c.Names[i]
	}
	return fmt.Sprintf("%s (median of %d)", c.Names[i], c.Runs[i])
}

// Markdown writes it as tables.
func (c Comparison) Markdown(out io.Writer) error {
	w := &strings.Builder{}
	for _, v := range c.Variants {
		fmt.Fprintf(w, "### %s\n\n| figure | %s | %s | change |\n| --- | --: | --: | --- |\n", tableCell(v.Name),
			tableCell(c.side(0)), tableCell(c.side(1)))
		for _, f := range v.Figures {
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", f.Title, f.Value(0), f.Value(1), f.change())
		}
		fmt.Fprintln(w)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// A Limit is a condition under which a comparison fails: "p99 > 1.2x" (of the first side) or "tasks_lost > 0" (of the
// second alone).
type Limit struct {
	text     string
	figure   string
	above    bool
	orEqual  bool
	than     float64
	relative bool
}

var limitText = regexp.MustCompile(`^\s*([a-z0-9_]+)\s*([<>]=?)\s*([0-9.]+)(x?)\s*$`)

// ParseLimit reads one.
func ParseLimit(text string) (Limit, error) {
	m := limitText.FindStringSubmatch(text)
	if m == nil {
		return Limit{}, fmt.Errorf("%q: want a figure, >, >=, < or <=, and a number, with x for a multiple of the first side: p99 > 1.2x", text)
	}
	if !slices.ContainsFunc(scenarios.Figures(), func(f scenarios.Figure) bool { return f.Name == m[1] }) {
		return Limit{}, fmt.Errorf("%q: %s is not a figure; docs/metrics.md lists them", text, m[1])
	}
	than, err := strconv.ParseFloat(m[3], 64)
	if err != nil {
		return Limit{}, fmt.Errorf("%q: %s is not a number", text, m[3])
	}
	return Limit{text: text, figure: m[1], above: m[2][0] == '>', orEqual: len(m[2]) == 2, than: than,
		relative: m[4] == "x"}, nil
}

// Broken returns a sentence for each variant in which the limit is passed, and one for each in which that cannot be known.
func (l Limit) Broken(c Comparison) (broken, unknown []string) {
	for _, v := range c.Variants {
		for _, f := range v.Figures {
			if f.Name != l.figure {
				continue
			}
			value, known := f.Median[1], f.Known[1]
			if l.relative {
				// A second side that is only a lower bound leaves a ratio that is one too; a first side that is one
				// leaves none.
				known = f.both() && !f.AtLeast[0] && f.Median[0] != 0
				value /= f.Median[0]
			}
			passed := l.above && value > l.than || !l.above && value < l.than || l.orEqual && value == l.than
			sentence := fmt.Sprintf("%s: %s: %s against %s", v.Name, l.text, f.Value(1), f.Value(0))
			switch {
			case !known, f.AtLeast[1] && passed != l.above: // the bound grows: it may yet pass a limit above it, or leave one below it
				unknown = append(unknown, sentence)
			case passed:
				broken = append(broken, sentence)
			}
		}
	}
	return broken, unknown
}
