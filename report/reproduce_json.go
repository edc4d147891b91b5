package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// sniffed is how much of a file tells JSON of hangtime from the JSON lines of an access log.
const sniffed = 4096

// IsIncidentJSON says whether a file that begins so is one that SeenInJSON reads. JSON lines, too, begin with a brace:
// what is one object over several lines, or has a key of ours in its first, is no access log.
func IsIncidentJSON(begin []byte) bool {
	begin = bytes.TrimSpace(begin[:min(len(begin), sniffed)])
	first, _, _ := bytes.Cut(begin, []byte("\n"))
	if !bytes.HasPrefix(begin, []byte("{")) {
		return false
	}
	return len(bytes.TrimSpace(first)) == 1 ||
		slices.ContainsFunc([]string{`"cause"`, `"variants"`, `"incidents"`},
			func(key string) bool { return bytes.Contains(first, []byte(key)) })
}

// jsonOfIncidents is any JSON in which hangtime tells of incidents: a Result, a Look, or one Incident alone.
type jsonOfIncidents struct {
	Version   int               `json:"version"`
	Incidents []Incident        `json:"incidents"` // of a Look
	Workers   []json.RawMessage `json:"workers"`   // of a Look: how many there are
	Variants  []ResultVariant   `json:"variants"`  // of a Result
	Cause     json.RawMessage   `json:"cause"`     // of one Incident alone
}

// SeenInJSON takes an incident out of a result.json, of what `diagnose --json` prints, or of what the command of
// --on-hang is given: the one with that number, or with 0 the first hang, else the first crash. variant is empty for
// any; source is the file's name.
func SeenInJSON(text []byte, variant string, number int, source string) (Seen, error) {
	var head struct {
		Version  int               `json:"version"`
		Variants []json.RawMessage `json:"variants"`
	}
	if err := json.Unmarshal(text, &head); err == nil && head.Variants != nil && head.Version != ResultVersion {
		return Seen{}, fmt.Errorf("%s is of version %d, want %d; `hangtime report --json` writes it again from the recording", source, head.Version, ResultVersion)
	}
	var whole jsonOfIncidents
	if err := json.Unmarshal(text, &whole); err != nil {
		return Seen{}, fmt.Errorf("%s: %w; want a result.json of hangtime, or an incident of it", source, err)
	}
	if whole.Cause != nil {
		var one Incident
		if err := json.Unmarshal(text, &one); err != nil {
			return Seen{}, fmt.Errorf("%s: %w; want an incident as hangtime writes it", source, err)
		}
		whole.Incidents = append(whole.Incidents, one)
	}
	var have strings.Builder
	var chosen *Incident
	consider := func(of string, all []Incident) {
		for i := range all {
			in := &all[i]
			where := ""
			if of != "" {
				where = "variant " + of + " has "
			}
			fmt.Fprintf(&have, "; %s%s #%d (%s)", where, in.Kind, in.ID, in.Cause.Kind)
			if (variant == "" || variant == of) && in.betterThan(chosen, number) {
				chosen = in
			}
		}
	}
	for _, v := range whole.Variants {
		consider(v.Name, v.Incidents)
	}
	consider("", whole.Incidents)
	if chosen == nil {
		return Seen{}, fmt.Errorf("%s has no such incident%s", source, have.String())
	}
	longest := seconds(chosen.Longest)
	seen := Seen{
		Source: fmt.Sprintf("%s #%d in %s", chosen.Kind, chosen.ID, source), Kind: chosen.Kind,
		Cause: chosen.Cause.Kind, Said: chosen.Cause.Sentence,
		Lasted: longest, Longest: longest, Workers: len(whole.Workers),
	}
	if chosen.Ended != nil {
		seen.Lasted = seconds(*chosen.Ended - chosen.Began)
	}
	return seen, nil
}

// betterThan is better, for an incident that was read.
func (in *Incident) betterThan(than *Incident, number int) bool {
	switch {
	case number > 0:
		return in.ID == number && than == nil
	case than == nil:
		return true
	}
	return in.Kind == diagnose.KindHang && than.Kind != diagnose.KindHang
}
