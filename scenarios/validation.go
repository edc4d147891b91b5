package scenarios

// A validation gathers what is wrong with a scenario.
type validation struct{ problems []*Problem }

func (v *validation) add(key, text, hint string) {
	v.problems = append(v.problems, &Problem{Key: key, Text: text, Hint: hint})
}

func (v *validation) above(key string, n int64, hint string) {
	if n <= 0 {
		v.add(key, "is missing", "want "+hint)
	}
}
