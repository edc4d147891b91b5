// Command guide writes docs/guide.md: the guide's claims one by one, what hangtime measured of each, and the finding.
// It runs the scenarios that the claims look at and keeps what they gave in figures.json; the findings and sentences
// are made from that alone. It judges nothing that was not measured.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/verdict"
)

//go:embed claims.yaml
var claimsText []byte

// Everything together may take so long; one scenario in its quick form takes about a quarter of a minute.
const (
	runsLimit = 12 * time.Minute
	oneLimit  = 2 * time.Minute
	tries     = 3 // of a run that says itself that the machine was too busy to judge; what passed or failed is never run again
)

func main() {
	m := maker{}
	flag.StringVar(&m.binary, "hangtime", "bin/hangtime", "the hangtime to run")
	flag.StringVar(&m.figures, "figures", "docs/guide/figures.json", "file of what was measured")
	flag.StringVar(&m.page, "page", "docs/guide.md", "file to write")
	again := flag.Bool("again", false, "run nothing: write the page again from the figures")
	only := flag.String("only", "", "run these sources only, with commas between, and keep the figures of the others")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, runsLimit)
	defer cancel()
	if err := m.make(ctx, *again, *only); err != nil {
		fmt.Fprintln(os.Stderr, "guide:", err)
		os.Exit(1)
	}
}

// A maker runs what the claims look at and writes the page.
type maker struct{ binary, figures, page string }

func (m maker) make(ctx context.Context, again bool, only string) error {
	claims, err := readClaims(claimsText)
	if err != nil {
		return err
	}
	all := measurements{}
	if again || only != "" {
		if all, err = readMeasurements(m.figures); err != nil {
			return err
		}
	}
	if !again {
		if err := m.measure(ctx, wanted(claims, only), all); err != nil {
			return err
		}
	}
	if missing := slices.DeleteFunc(claims.sources(),
		func(name string) bool { _, ok := all[name]; return ok }); len(missing) > 0 {
		return fmt.Errorf("%s has nothing of %s: measure it with -only %s", m.figures, strings.Join(missing, ", "),
			strings.Join(missing, ","))
	}
	var page bytes.Buffer
	if err := write(&page, claims, all); err != nil {
		return err
	}
	return os.WriteFile(m.page, page.Bytes(), 0o644)
}

func wanted(c *claims, only string) []string {
	if only == "" {
		return c.sources()
	}
	return strings.Split(only, ",")
}

// measure runs one source after the other; what was measured is on disk after each.
func (m maker) measure(ctx context.Context, names []string, into measurements) error {
	for i, name := range names {
		began := time.Now()
		fmt.Fprintf(os.Stderr, "%2d of %d  %-30s", i+1, len(names), name)
		one, err := m.one(ctx, name)
		if err != nil {
			fmt.Fprintln(os.Stderr)
			return fmt.Errorf("%s: %w", name, err)
		}
		into[name] = one
		fmt.Fprintf(os.Stderr, " %3.0f s  %s\n", time.Since(began).Seconds(), one.Outcome)
		if err := into.write(m.figures); err != nil {
			return err
		}
	}
	return nil
}

func (m maker) one(ctx context.Context, name string) (measurement, error) {
	ctx, cancel := context.WithTimeout(ctx, oneLimit)
	defer cancel()
	if name == python {
		return tryPython(ctx)
	}
	for try := 1; ; try++ {
		one, err := runScenario(ctx, m.binary, name)
		if err != nil || one.Outcome != string(verdict.Unknown) || try == tries {
			return one, err
		}
	}
}
