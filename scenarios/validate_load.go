package scenarios

import (
	"fmt"
	"time"
)

// form is what load and its mixes have in common: a rate over time.
type form struct {
	rate, to   Rate
	shape      string
	from, over time.Duration
	steps      []Step
}

func (v *validation) load(l Load) {
	v.form("load", form{l.Rate, l.To, l.Shape, l.From, l.Over, l.Steps}, len(l.Mix) == 0)
	v.closed(l)
	v.replay(l)
	for i, m := range l.Mix {
		at := fmt.Sprintf("load.mix[%d]", i)
		v.form(at, form{m.Rate, m.To, m.Shape, m.From, m.Over, m.Steps}, true)
		if m.Rate == 0 && l.Rate == 0 {
			v.add(at+".rate", "is missing, and there is no load.rate to have a share of", "such as 50/s")
		}
		v.targets(at, m.Targets)
		if len(m.Targets) == 0 {
			v.add(at+".targets", "names no target", "such as - {method: POST, path: /task}")
		}
	}
	switch {
	case len(l.Mix) > 0 && l.Shape != "" && l.Shape != "constant":
		v.add("load.shape", l.Shape+" stands beside mix", "want the shape in each item of mix")
	case len(l.Mix) > 0 && len(l.Targets)+len(l.TargetsFile) > 0:
		v.add("load.targets", "stand beside mix", "want the targets in each item of mix")
	case shapeOf(l.Shape).takes("log") && len(l.Targets)+len(l.TargetsFile) > 0:
		v.add("load.targets", "stand beside a log to replay", "the log says what is hit")
	case len(l.Targets) > 0 && l.TargetsFile != "":
		v.add("load.targets_file", "stands beside targets", "want one of the two")
	case len(l.Targets) == 0 && l.TargetsFile == "" && len(l.Mix) == 0 && !shapeOf(l.Shape).takes("log"):
		v.add("load.targets", "names no target", "such as - {method: POST, path: /task}")
	}
	v.targets("load", l.Targets)
	if l.Timeout <= 0 {
		v.add("load.timeout", "must be above 0", "a hit without a limit would never be counted")
	}
}

// form judges a shape and the keys that it takes.
func (v *validation) form(at string, f form, told bool) {
	if !told {
		return
	}
	shape := shapeOf(f.shape)
	switch {
	case shape.To != "" && f.to == 0:
		v.add(at+".to", "is missing for shape "+shape.Name, shape.To)
	case shape.To == "" && f.to != 0:
		v.add(at+".to", "has no meaning for shape "+shape.Name, belongs("to"))
	}
	switch {
	case shape.Over != "" && f.over <= 0:
		v.add(at+".over", "is missing for shape "+shape.Name, shape.Over)
	case !shape.takes("over") && f.over != 0:
		v.add(at+".over", "has no meaning for shape "+shape.Name, belongs("over"))
	}
	if f.from != 0 && !shape.takes("from") {
		v.add(at+".from", "has no meaning for shape "+shape.Name, belongs("from"))
	}
	if f.shape == "sine" && f.to > 0 && (f.to < f.rate || f.to > 2*f.rate) {
		v.add(at+".to", fmt.Sprintf("%v is not between rate and twice the rate", f.to),
			"a sine swings as far below its rate as above")
	}
	if shape.takes("steps") != (len(f.steps) > 0) {
		v.add(at+".steps", "and shape: step go together", "such as steps: [{rate: 50/s, for: 10s}, {rate: 200/s}]")
	}
	for i, s := range f.steps {
		if s.For <= 0 && i < len(f.steps)-1 {
			v.add(fmt.Sprintf("%s.steps[%d].for", at, i), "is missing", "only the last step goes on for ever")
		}
	}
}

// closed judges the keys of users who wait for answers.
func (v *validation) closed(l Load) {
	shape := shapeOf(l.Shape)
	switch {
	case shape.takes("users") && l.Users == 0:
		v.add("load.users", "is missing for shape "+shape.Name, "want how many users, such as 50")
	case !shape.takes("users") && l.Users != 0:
		v.add("load.users", "has no meaning for shape "+shape.Name, belongs("users"))
	case !shape.takes("think") && l.Think != 0:
		v.add("load.think", "has no meaning for shape "+shape.Name, belongs("think"))
	case shape.takes("users") && l.Arrivals != "":
		v.add("load.arrivals", "has no meaning for shape "+shape.Name, "users send when they are answered")
	}
}

// replay judges the keys of an access log.
func (v *validation) replay(l Load) {
	shape := shapeOf(l.Shape)
	switch {
	case shape.takes("log") && l.Log == "":
		v.add("load.log", "is missing for shape "+shape.Name, "want the path of an access log")
	case !shape.takes("log") && l.Log != "":
		v.add("load.log", "has no meaning for shape "+shape.Name, belongs("log"))
	case !shape.takes("speed") && l.Speed != 0:
		v.add("load.speed", "has no meaning for shape "+shape.Name, belongs("speed"))
	}
}

func (v *validation) targets(key string, all []Target) {
	for i, t := range all {
		v.target(fmt.Sprintf("%s.targets[%d]", key, i), t)
	}
}
