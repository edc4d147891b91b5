package run

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestABuildSaysWhatIsKnownOfIt(t *testing.T) {
	tagged := Build{Version: "v1.2.3", Commit: "0123456789abcdef0123456789abcdef01234567", Date: "2026-11-29T16:30:00Z",
		Go: "go1.26.0", OS: "linux", Arch: "arm64"}
	for _, c := range []struct {
		name, want string
		build      Build
	}{
		{"built from a clone", "hangtime v1.2.3, commit 0123456789ab of 2026-11-29T16:30:00Z, go1.26.0, linux/arm64\n", tagged},
		{"installed as a module", "hangtime v1.2.3, go1.26.0, linux/arm64\n",
			Build{Version: "v1.2.3", Go: "go1.26.0", OS: "linux", Arch: "arm64"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text, js bytes.Buffer
			if err := c.build.Text(&text); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, text.String()); diff != "" {
				t.Error(diff)
			}
			if err := c.build.JSON(&js); err != nil {
				t.Fatal(err)
			}
			var again Build
			if err := json.Unmarshal(js.Bytes(), &again); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.build, again); diff != "" {
				t.Error(diff)
			}
		})
	}
}
