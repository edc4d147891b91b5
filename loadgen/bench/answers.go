package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The generators' own percentiles: p50, p90, p99, p99.9, max in milliseconds; -1 where one says nothing of it.

func hangtimeAnswer(out string) (a [5]float64, err error) {
	var j struct {
		Times map[string]struct {
			P50, P90, P99, Max float64
			P999               float64 `json:"p99.9"`
		}
	}
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		return a, err
	}
	t := j.Times["response"]
	return [5]float64{t.P50, t.P90, t.P99, t.P999, t.Max}, nil
}

var wrk2Line = regexp.MustCompile(`(?m)^ *(50|90|99|99\.9|100)0*%\s+([0-9.]+[a-z]+) *$`)

func wrk2Answer(out string) (a [5]float64, err error) {
	a = [5]float64{-1, -1, -1, -1, -1}
	for _, m := range wrk2Line.FindAllStringSubmatch(strings.ReplaceAll(out, ".000%", "%"), -1) {
		took, err := time.ParseDuration(m[2])
		if err != nil {
			return a, fmt.Errorf("wrk2 says %q: %w", m[0], err)
		}
		a[slices.Index([]string{"50", "90", "99", "99.9", "100"}, m[1])] = took.Seconds() * 1e3
	}
	return a, nil
}

func bombardierAnswer(out string) (a [5]float64, err error) {
	var j struct {
		Result struct {
			Latency struct {
				Max         float64
				Percentiles map[string]float64
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &j); err != nil {
		return a, err
	}
	p := j.Result.Latency.Percentiles
	return [5]float64{p["50"] / 1e3, p["90"] / 1e3, p["99"] / 1e3, -1, j.Result.Latency.Max / 1e3}, nil
}

func fortioAnswer(out string) (a [5]float64, err error) {
	var j struct {
		DurationHistogram struct {
			Max         float64
			Percentiles []struct{ Percentile, Value float64 }
		}
	}
	from := strings.IndexByte(out, '{')
	if from < 0 {
		return a, fmt.Errorf("no JSON in %q", out)
	}
	if err := json.NewDecoder(strings.NewReader(out[from:])).Decode(&j); err != nil {
		return a, err
	}
	a = [5]float64{-1, -1, -1, -1, j.DurationHistogram.Max * 1e3}
	for _, p := range j.DurationHistogram.Percentiles {
		for i, of := range []float64{50, 90, 99, 99.9} {
			if p.Percentile == of {
				a[i] = p.Value * 1e3
			}
		}
	}
	return a, nil
}

// vegetaAnswer asks vegeta's own report; out is the folder that has the results.
func vegetaAnswer(dir string) (a [5]float64, err error) {
	bin, err := exec.LookPath("vegeta")
	if err != nil {
		return a, err
	}
	text, err := exec.Command(bin, "report", "-type=json", filepath.Join(dir, "results.bin")).Output()
	if err != nil {
		return a, err
	}
	var j struct {
		Latencies struct {
			P50 float64 `json:"50th"`
			P90 float64 `json:"90th"`
			P99 float64 `json:"99th"`
			Max float64 `json:"max"`
		}
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return a, err
	}
	l := j.Latencies
	return [5]float64{l.P50 / 1e6, l.P90 / 1e6, l.P99 / 1e6, -1, l.Max / 1e6}, nil
}

func k6Answer(dir string) (a [5]float64, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		return a, err
	}
	var j struct {
		Metrics struct {
			Duration map[string]any `json:"http_req_duration"`
		}
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return a, err
	}
	for i, name := range []string{"med", "p(90)", "p(99)", "p(99.9)", "max"} {
		v, ok := j.Metrics.Duration[name].(float64)
		if a[i] = v; !ok {
			a[i] = -1
		}
	}
	return a, nil
}

var heyLine = regexp.MustCompile(`(?m)^\s*(Slowest|50|90|99)(?:%+ in|:)\s+([0-9.]+) secs`)

func heyAnswer(out string) (a [5]float64, err error) {
	a = [5]float64{-1, -1, -1, -1, -1}
	for _, m := range heyLine.FindAllStringSubmatch(out, -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return a, err
		}
		a[map[string]int{"50": 0, "90": 1, "99": 2, "Slowest": 4}[m[1]]] = v * 1e3
	}
	return a, nil
}
