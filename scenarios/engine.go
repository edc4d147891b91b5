package scenarios

import "fmt"

// aimsAtNoEngine are the faults of a variant as it is run that are to hit a task engine that its server has not.
func aimsAtNoEngine(s Scenario) []*Problem {
	if ServerKindOf(s.Server.Kind).Ours && s.Server.Tasks == "jetstream" {
		return nil
	}
	var problems []*Problem
	for i, f := range s.Faults {
		if f.Worker == "engine" {
			problems = append(problems, &Problem{Key: fmt.Sprintf("faults[%d].worker", i),
				Text: "the server has no task engine of its own", Hint: "want server.tasks: jetstream, or another worker"})
		}
	}
	return problems
}
