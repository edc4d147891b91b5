package tasks

import (
	"testing"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// Every option has a name of its own, help, and a default among its choices: the first, which is the guide's good side.
func TestOptions(t *testing.T) {
	c := settings.Default()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, o := range c.Options() {
		if seen[o.Name] || o.Help == "" {
			t.Errorf("%s: twice, or without help", o.Name)
		}
		seen[o.Name] = true
		if o.Choices != nil && *o.Value.(*string) != o.Choices[0] {
			t.Errorf("%s: the default is %s, want the first choice %s", o.Name, *o.Value.(*string), o.Choices[0])
		}
	}
}
