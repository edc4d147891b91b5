package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// built is the one file of the release that a pattern means.
func built(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: want one file, got %v, %v", pattern, found, err)
	}
	return found[0]
}

// output runs a command that must succeed.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// unpack unpacks an archive into a folder of its own.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	output(t, "tar", "-xf", archive, "-C", dir)
	return dir
}

// asRoot is a command that root of a user namespace runs, where the test itself is not root.
func asRoot(args ...string) []string {
	if os.Geteuid() == 0 {
		return args
	}
	return append([]string{"unshare", "--map-root-user"}, args...)
}

// wantVersion wants a program to say that it is the one that was tagged.
func wantVersion(t *testing.T, run ...string) {
	t.Helper()
	run = append(run, "version", "--json")
	var said struct{ Version, Commit, Date, Go, OS, Arch string }
	if err := json.Unmarshal([]byte(output(t, run[0], run[1:]...)), &said); err != nil {
		t.Fatal(err)
	}
	if said.Version != tag || said.Date != "2026-01-02T03:04:05Z" || len(said.Commit) != 40 || said.OS != "linux" {
		t.Errorf("%v: %+v", run, said)
	}
}

func TestEveryFileIsInTheChecksums(t *testing.T) {
	cmd := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	cmd.Dir = dist
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(dist)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(out), ": OK\n"); got != len(entries)-1 || got != 11 {
		t.Errorf("%d files are in order of %d beside SHA256SUMS; want 11: an archive, a bill of materials, a .deb, an .rpm and a root file system for each of two machines, and an image\n%s",
			got, len(entries)-1, out)
	}
}

func TestTheDebInstallsAndGoesAway(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	// A machine may be set to leave man pages out of every package; another architecture is as good here.
	dpkg := func(args ...string) string {
		args = asRoot(append([]string{"dpkg", "--root=" + root, "--log=/dev/null", "--path-include=/usr/share/*",
			"--force-architecture"}, args...)...)
		return output(t, args[0], args[1:]...)
	}
	dpkg("-i", built(t, "hangtime_*_amd64.deb"))
	if got := output(t, "dpkg-query", "--admindir="+root+"/var/lib/dpkg", "-W", "-f=${Package} ${Version} ${Architecture} ${db:Status-Status}"); got != "hangtime 0.9.1 amd64 installed" {
		t.Errorf("dpkg has %q", got)
	}
	program := filepath.Join(root, "usr/bin/hangtime")
	wantVersion(t, program)
	if help := output(t, program, "diagnose", "--help"); !strings.Contains(help, "hangtime diagnose --port 8000") {
		t.Errorf("help: %s", help)
	}
	for _, page := range []string{"hangtime", "hangtime-diagnose", "hangtime-run"} {
		text := output(t, "man", "-l", filepath.Join(root, "usr/share/man/man1", page+".1.gz"))
		if !strings.Contains(text, "hangtime v0.9.1") || !strings.Contains(text, "OPTIONS") {
			t.Errorf("the man page of %s:\n%s", page, text)
		}
	}
	completes(t, filepath.Dir(program), filepath.Join(root, "usr/share/bash-completion/completions/hangtime"))
	for file, want := range map[string]string{
		"usr/share/zsh/vendor-completions/_hangtime":        "#compdef hangtime",
		"usr/share/fish/vendor_completions.d/hangtime.fish": "complete -c hangtime",
		"usr/share/doc/hangtime/copyright":                  "MIT License",
		"usr/share/doc/hangtime/THIRD-PARTY-LICENSES":       "Apache License",
		"usr/share/bash-completion/completions/hangtime":    "__start_hangtime",
	} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q", file, want)
		}
	}
	dpkg("--purge", "hangtime")
	if left, _ := filepath.Glob(filepath.Join(root, "usr/*/*")); len(left) > 0 {
		t.Errorf("left after purge: %v", left)
	}
}

// completes asks bash what could stand after `hangtime diag`.
func completes(t *testing.T, path, script string) {
	t.Helper()
	out := output(t, "bash", "-ec", `
PATH=$1:$PATH
. /usr/share/bash-completion/bash_completion
. "$2"
complete -p hangtime
compopt() { :; } # bash has it only while somebody presses tab
COMP_WORDS=(hangtime diag) COMP_CWORD=1 COMP_LINE="hangtime diag" COMP_POINT=13 COMP_TYPE=9 COMP_KEY=9
__start_hangtime
echo "offers ${COMPREPLY[*]}"
`, "bash", path, script)
	if !strings.Contains(out, "offers diagnose") {
		t.Errorf("bash: %s", out)
	}
}

func TestTheRPMHoldsTheSame(t *testing.T) {
	for file, arch := range map[string]string{"hangtime-*.x86_64.rpm": "x86_64", "hangtime-*.aarch64.rpm": "aarch64"} {
		rpm := built(t, file)
		files := output(t, "rpm", "-qpl", rpm)
		for _, want := range []string{"/usr/bin/hangtime", "/usr/share/man/man1/hangtime.1.gz", "/usr/share/man/man1/hangtime-diagnose.1.gz",
			"/usr/share/bash-completion/completions/hangtime", "/usr/share/zsh/site-functions/_hangtime",
			"/usr/share/fish/vendor_completions.d/hangtime.fish", "/usr/share/licenses/hangtime/LICENSE",
			"/usr/share/licenses/hangtime/THIRD-PARTY-LICENSES"} {
			if !strings.Contains("\n"+files, "\n"+want+"\n") {
				t.Errorf("%s has no %s:\n%s", rpm, want, files)
			}
		}
		if got := output(t, "rpm", "-qp", "--qf", "%{NAME} %{VERSION} %{ARCH} %{LICENSE}", rpm); got != "hangtime 0.9.1 "+arch+" MIT" {
			t.Errorf("%s says %q", rpm, got)
		}
		output(t, "rpm", "-K", "--nosignature", rpm) // its own sums
	}
}

func TestProgramsAreStaticAndForTheirMachine(t *testing.T) {
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		program := filepath.Join(unpack(t, built(t, "hangtime_*_linux_"+arch+".tar.gz")), "hangtime")
		f, err := elf.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Machine != machine {
			t.Errorf("%s is for %v", arch, f.Machine)
		}
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
				t.Errorf("%s is not static: it has %v", arch, p.Type)
			}
		}
		switch {
		case machine == elf.EM_AARCH64:
			wantVersion(t, "qemu-aarch64-static", program)
		default:
			wantVersion(t, program)
		}
		text, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if at := regexp.MustCompile(regexp.QuoteMeta(clone)).FindIndex(text); at != nil {
			t.Errorf("%s tells where it was built", arch)
		}
	}
}
