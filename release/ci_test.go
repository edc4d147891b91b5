package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// A small scenario that nothing can hang.
const plain = `name: plain
server: {workers: 1}
load: {rate: 50/s, targets: [{method: POST, path: /task, body: '{"work":"sleep","duration":"5ms"}', expect: [202]}]}
phases: {before: 1s, during: 1s, after: 0s}
variants: [{name: plain, expect: any}]
checks: [{that: ok > 0}]
`

// releases serves the release under its tag, as the real place does; what is named in spoil has other bytes there.
func releases(t *testing.T, spoil string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := strings.CutPrefix(r.URL.Path, "/"+tag+"/")
		if !ok {
			http.NotFound(w, r)
			return
		}
		if spoil != "" && strings.Contains(file, spoil) {
			fmt.Fprint(w, "something else")
			return
		}
		http.ServeFile(w, r, filepath.Join(dist, filepath.Base(file)))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A job is what a CI system gives to the commands of a job: a folder, and an environment.
type job struct {
	dir string
	env map[string]string
}

func newJob(t *testing.T, env map[string]string) *job {
	t.Helper()
	j := &job{t.TempDir(), map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir()}}
	for name, value := range env {
		j.env[name] = strings.ReplaceAll(value, "DIR", j.dir)
	}
	if err := os.WriteFile(filepath.Join(j.dir, "plain.yaml"), []byte(plain), 0o644); err != nil {
		t.Fatal(err)
	}
	return j
}

func (j *job) run(shell []string, script string, more map[string]string) (string, error) {
	cmd := exec.Command(shell[0], append(shell[1:], script)...)
	cmd.Dir = j.dir
	for _, env := range []map[string]string{j.env, more} {
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (j *job) text(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.dir, file))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type action struct {
	Inputs map[string]struct {
		Required bool
		Default  string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			Name, ID, Shell, Run, Uses string
			Env, With                  map[string]string
		}
	}
}

// githubRuns runs the action's steps as GitHub's runner does: each in a shell, what one says for later ones in between.
func githubRuns(t *testing.T, j *job, inputs map[string]string) (string, error) {
	t.Helper()
	var a action
	parse(t, "../ci/github/action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 3 {
		t.Fatalf("%+v", a.Runs)
	}
	for _, file := range []string{"path", "output", "summary.md"} {
		if err := os.WriteFile(filepath.Join(j.dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := ""
	for _, step := range a.Runs.Steps {
		if step.Run == "" {
			continue // another action
		}
		env := map[string]string{}
		for name, value := range step.Env {
			env[name] = regexp.MustCompile(`\$\{\{ inputs\.([a-z-]+) \}\}`).ReplaceAllStringFunc(value, func(m string) string {
				name := strings.TrimSuffix(strings.TrimPrefix(m, "${{ inputs."), " }}")
				declared, ok := a.Inputs[name]
				given, is := inputs[name]
				if !ok || (declared.Required && !is) {
					t.Errorf("input %s: declared %v, given %v", name, ok, is)
				}
				if is {
					return given
				}
				return declared.Default
			})
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %s puts what others wrote into its script", step.Name)
		}
		for added := range strings.Lines(j.text(t, "path")) {
			j.env["PATH"] = strings.TrimSpace(added) + ":" + j.env["PATH"]
		}
		out, err := j.run([]string{"bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"}, step.Run, env)
		all += out
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func githubJob(t *testing.T) *job {
	arch := map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH]
	return newJob(t, map[string]string{"GITHUB_ACTIONS": "true", "CI": "true", "RUNNER_OS": "Linux", "RUNNER_ARCH": arch,
		"RUNNER_TEMP": "DIR/temp", "GITHUB_PATH": "DIR/path", "GITHUB_OUTPUT": "DIR/output", "GITHUB_STEP_SUMMARY": "DIR/summary.md"})
}

// wantResults wants the forms of the report, made by the release.
func wantResults(t *testing.T, j *job, folder string) {
	t.Helper()
	for file, want := range map[string]string{"result.json": tag, "junit.xml": "<testsuites", "report.html": "</html>"} {
		if !strings.Contains(j.text(t, filepath.Join(folder, file)), want) {
			t.Errorf("%s has no %q", file, want)
		}
	}
}

func TestTheGitHubActionRuns(t *testing.T) {
	j := githubJob(t)
	out, err := githubRuns(t, j, map[string]string{"version": tag, "from": releases(t, ""), "scenario": "./plain.yaml",
		"args": "--set server.workers=2 --seed 3", "out": "seen"})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantResults(t, j, "seen")
	if got := j.text(t, "output"); got != "exit-code=0\n" {
		t.Errorf("outputs: %q", got)
	}
	if got := j.text(t, "summary.md"); !strings.Contains(got, "plain") || !strings.Contains(got, "|") {
		t.Errorf("summary: %q", got)
	}
}

func TestTheGitHubActionTellsAFailure(t *testing.T) {
	for _, c := range []struct {
		name, check, unknown, want, says string
		fails                            bool
	}{
		{"the server failed", "ok < 0", "false", "exit-code=1\n", "::error ", true},
		{"a file is wrong", "nothing < 1", "false", "exit-code=2\n", "plain.yaml:6:17", true},
		{"nothing can be said", "1 / (ok - ok) > 0", "true", "exit-code=3\n", "::", true},
		{"nothing can be said, which is no failure here", "1 / (ok - ok) > 0", "false", "exit-code=3\n", "::warning title=hangtime::not enough was seen to judge", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := githubJob(t)
			text := strings.Replace(plain, "ok > 0", c.check, 1)
			if err := os.WriteFile(filepath.Join(j.dir, "plain.yaml"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			// A folder of this machine serves as well as a place in the network.
			out, err := githubRuns(t, j, map[string]string{"version": "0.9.1", "from": dist, "scenario": "plain.yaml",
				"fail-on-unknown": c.unknown})
			if (err != nil) != c.fails || j.text(t, "output") != c.want {
				t.Errorf("%v, outputs %q\n%s", err, j.text(t, "output"), out)
			}
			if !strings.Contains(out, c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, out)
			}
		})
	}
}

func TestWhatWasTamperedWithIsNotRun(t *testing.T) {
	j := githubJob(t)
	out, err := githubRuns(t, j, map[string]string{"version": tag, "from": releases(t, ".tar.gz"), "scenario": "plain.yaml"})
	if err == nil || !strings.Contains(out, "FAILED") || j.text(t, "path") != "" {
		t.Errorf("GitHub: %v\n%s", err, out)
	}
	out, err = gitlabRuns(t, gitlabJob(t, map[string]string{"HANGTIME_FROM": releases(t, ".tar.gz")}))
	if err == nil || !strings.Contains(out, "FAILED") {
		t.Errorf("GitLab: %v\n%s", err, out)
	}
}

func TestTheGitHubActionRefusesOtherRunners(t *testing.T) {
	j := githubJob(t)
	j.env["RUNNER_OS"] = "macOS"
	out, err := githubRuns(t, j, map[string]string{"version": tag, "from": dist, "scenario": "plain.yaml"})
	if err == nil || !strings.Contains(out, "want a runner with Linux on X64 or ARM64, this one is macOS on") {
		t.Errorf("%v\n%s", err, out)
	}
}

func gitlabJob(t *testing.T, more map[string]string) *job {
	j := newJob(t, map[string]string{"GITLAB_CI": "true", "CI": "true", "CI_PROJECT_DIR": "DIR"})
	for name, value := range map[string]string{"HANGTIME_VERSION": tag, "HANGTIME_SCENARIO": "plain.yaml"} {
		j.env[name] = value
	}
	for name, value := range more {
		j.env[name] = value
	}
	return j
}

// gitlabRuns runs the template's job as GitLab's runner does: one shell for before_script and script.
func gitlabRuns(t *testing.T, j *job) (string, error) {
	t.Helper()
	var all map[string]struct {
		Variables    map[string]string
		BeforeScript []string `yaml:"before_script"`
		Script       []string
		Artifacts    struct{ Reports map[string]string }
	}
	parse(t, "../ci/gitlab/hangtime.yml", &all)
	one := all[".hangtime"]
	if one.Artifacts.Reports["junit"] != "hangtime-out/junit.xml" {
		t.Errorf("artifacts: %+v", one.Artifacts)
	}
	for name, value := range one.Variables {
		if _, given := j.env[name]; !given {
			j.env[name] = value
		}
	}
	return j.run([]string{"sh", "-ec"}, strings.Join(append(one.BeforeScript, one.Script...), "\n"), nil)
}

func TestTheGitLabTemplateRuns(t *testing.T) {
	j := gitlabJob(t, map[string]string{"HANGTIME_FROM": releases(t, ""), "HANGTIME_ARGS": "--set server.workers=2 --seed 3"})
	out, err := gitlabRuns(t, j)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantResults(t, j, "hangtime-out")
}
