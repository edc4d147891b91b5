package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// A module is one whose code is in a program, with the texts of its licences.
type module struct {
	path, version string
	licences      []string // SPDX identifiers, in order
	texts         []licenceText
}

type licenceText struct {
	file string // within the module
	text []byte
}

// permitted are the licences under which hangtime may be handed on as it is. Another one wants to be thought about first.
var permitted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "Unlicense"}

// licenceFile is what files with terms are called. Notices are handed on with them, as Apache-2.0 wants.
var licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|copyright|patents)([-_.].*)?$`)

// isLicence is what those of them are called that must hold a licence; the others may say anything.
var isLicence = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying)([-_.].*)?$`)

// standard is the name of Go's own library among the modules, the same as package registries use.
const standard = "std"

// linkedModules are the modules of which the program has at least one package, in the order of their names. A licence
// that stands in a package's own folder is its module's too.
func linkedModules(source string, t target) ([]module, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", "./cmd/hangtime")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS="+t.os, "GOARCH="+t.arch)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	std, err := standardLibrary(source)
	if err != nil {
		return nil, err
	}
	found := map[string]*module{standard: std}
	for list := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Standard || p.Module.Main {
			continue
		}
		m := found[p.Module.Path]
		if m == nil {
			m = &module{path: p.Module.Path, version: p.Module.Version}
			found[m.path] = m
		}
		if err := m.gather(p.Module.Dir, p.Dir); err != nil {
			return nil, err
		}
	}
	var all []module
	for _, m := range found {
		if err := m.recognise(); err != nil {
			return nil, err
		}
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

// standardLibrary is Go's own library, under the terms of Go as a whole. Those that stand deeper are of what is not
// linked without cgo, such as BoringCrypto.
func standardLibrary(source string) (*module, error) {
	cmd := exec.Command("go", "env", "GOROOT", "GOVERSION")
	cmd.Dir = source
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	lines := strings.Split(string(out), "\n")
	m := &module{path: standard, version: strings.TrimPrefix(lines[1], "go")}
	return m, m.gather(lines[0], lines[0])
}

// gather takes the files with terms from a package's folder and from all above it, up to the module's.
func (m *module) gather(root, dir string) error {
	for {
		within, err := filepath.Rel(root, dir)
		if err != nil || strings.HasPrefix(within, "..") {
			return fmt.Errorf("%s: %s is not inside %s", m.path, dir, root)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			file := filepath.ToSlash(filepath.Join(within, entry.Name()))
			if entry.IsDir() || filepath.Ext(file) == ".go" || !licenceFile.MatchString(entry.Name()) ||
				slices.ContainsFunc(m.texts, func(l licenceText) bool { return l.file == file }) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				return err
			}
			m.texts = append(m.texts, licenceText{file, text})
		}
		if within == "." {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// recognise names the licences, and refuses a module that has none or one that is not permitted.
func (m *module) recognise() error {
	slices.SortFunc(m.texts, func(a, b licenceText) int { return strings.Compare(a.file, b.file) })
	for _, l := range m.texts {
		matches := licensecheck.Scan(l.text).Match
		if len(matches) == 0 && isLicence.MatchString(filepath.Base(l.file)) {
			return fmt.Errorf("%s %s: %s holds no licence that is known; want one of %s", m.path, m.version, l.file,
				strings.Join(permitted, ", "))
		}
		for _, match := range matches {
			if match.IsURL || match.ID == "GooglePatentsFile" { // a mention; a grant beside a licence
				continue
			}
			if !slices.Contains(permitted, match.ID) {
				return fmt.Errorf("%s %s: %s has the licence %s; want one of %s", m.path, m.version, l.file, match.ID,
					strings.Join(permitted, ", "))
			}
			m.licences = append(m.licences, match.ID)
		}
	}
	slices.Sort(m.licences)
	m.licences = slices.Compact(m.licences)
	if len(m.licences) == 0 {
		return fmt.Errorf("%s %s: no licence was recognised in %d files; want one of %s", m.path, m.version, len(m.texts),
			strings.Join(permitted, ", "))
	}
	return nil
}

// thirdParty is the text that hands on all of their terms.
func thirdParty(modules []module) []byte {
	var b bytes.Buffer
	b.WriteString("hangtime contains code of the Go modules below, each under the terms that follow its name.\n")
	for _, m := range modules {
		for _, l := range m.texts {
			line := strings.Repeat("=", 80)
			fmt.Fprintf(&b, "\n%s\n%s %s: %s\n%s\n\n%s\n", line, m.path, m.version, l.file, line, bytes.TrimSpace(l.text))
		}
	}
	return b.Bytes()
}
