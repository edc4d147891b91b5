package run

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// A Build is what is known of how this program was built.
type Build struct {
	Version  string `json:"version"`            // the module's: the tag where it was built from one, as v1.2.3
	Commit   string `json:"commit,omitempty"`   // in full; empty where it was not built from a clone
	Date     string `json:"date,omitempty"`     // the commit's, RFC 3339 in UTC; empty as that
	Modified bool   `json:"modified,omitempty"` // it was not the commit alone
	Go       string `json:"go"`                 // as go1.26.0
	OS       string `json:"os"`                 // as Go names it
	Arch     string `json:"arch"`               // as Go names it
}

// Version is this program's: that of the module where it was built from one, else of the commit.
func Version() string { return ThisBuild().Version }

// ThisBuild reads what the Go command wrote into this program: nothing has to be handed to the linker, so that every
// way of building it tells the same.
func ThisBuild() Build {
	b := Build{Version: "unknown", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	switch {
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		b.Version = info.Main.Version
	case b.Commit != "":
		b.Version = "devel-" + b.Commit[:min(12, len(b.Commit))]
	default:
		b.Version = "devel"
	}
	return b
}

// Text writes it as one line.
func (b Build) Text(w io.Writer) error {
	known := []string{b.Version}
	if b.Commit != "" {
		known = append(known, "commit "+b.Commit[:min(12, len(b.Commit))]+" of "+b.Date)
	}
	_, err := fmt.Fprintf(w, "hangtime %s\n", strings.Join(append(known, b.Go, b.OS+"/"+b.Arch), ", "))
	return err
}

// JSON writes it as one object.
func (b Build) JSON(w io.Writer) error {
	to := json.NewEncoder(w)
	to.SetIndent("", "  ")
	return to.Encode(b)
}
