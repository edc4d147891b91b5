package command

import (
	"fmt"
	"slices"

	refserver "github.com/hangtime-dev/hangtime/reference-server"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// hasTaskPlaces says which program to use for a scenario whose tasks are to wait where this one keeps none.
func hasTaskPlaces(doc *scenarios.Document) error {
	here := taskPlacesHere()
	for i, v := range doc.Scenario.Variants {
		s, err := doc.Variant(i)
		if err != nil {
			return err
		}
		if name := s.Server.Tasks; name != "" && !slices.Contains(here, name) {
			return fmt.Errorf("variant %s: server.tasks: %s: this program keeps no tasks there; run the scenario with %s (docs/tasks.md says how to build it)",
				v.Name, name, scenarios.TaskPlaceOf(name).Program)
		}
	}
	return nil
}

// taskPlacesHere are those that this program's own reference server has, by its option.
func taskPlacesHere() []string {
	defaults := refserver.Default()
	all := defaults.Options()
	return all[slices.IndexFunc(all, func(o settings.Option) bool { return o.Name == "tasks" })].Choices
}
