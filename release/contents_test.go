package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestTheBillOfMaterialsIsTheProgramsOwn(t *testing.T) {
	program := filepath.Join(unpack(t, built(t, "hangtime_*_linux_arm64.tar.gz")), "hangtime")
	f, err := os.Open(built(t, "hangtime_*_linux_arm64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(f, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	self := bom.Metadata.Component
	if sum := sha256.Sum256(text); (*self.Hashes)[0].Value != hex.EncodeToString(sum[:]) {
		t.Error("it is of another program")
	}
	if self.PackageURL != "pkg:golang/github.com/hangtime-dev/hangtime@"+tag || bom.Metadata.Timestamp != "2026-01-02T03:04:05Z" {
		t.Errorf("it is of %s, at %s", self.PackageURL, bom.Metadata.Timestamp)
	}
	parts := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		parts[c.PackageURL] = c
		if c.Licenses == nil || len(*c.Licenses) == 0 {
			t.Errorf("%s has no licence", c.PackageURL)
		}
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range info.Deps {
		c, ok := parts["pkg:golang/"+d.Path+"@"+d.Version]
		if !ok || (*c.Properties)[0].Value != d.Sum {
			t.Errorf("%s %s %s: it has %+v", d.Path, d.Version, d.Sum, c)
		}
	}
	if _, ok := parts["pkg:golang/std@"+strings.TrimPrefix(info.GoVersion, "go")]; !ok || len(parts) != len(info.Deps)+1 {
		t.Errorf("%d parts, of a program of %d modules and Go's own library", len(parts), len(info.Deps))
	}
	licences, err := os.ReadFile(filepath.Join(filepath.Dir(program), "THIRD-PARTY-LICENSES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range info.Deps {
		if !strings.Contains(string(licences), "\n"+d.Path+" "+d.Version+": ") {
			t.Errorf("the terms of %s are missing", d.Path)
		}
	}
}

func TestTheTermsOfAllAreHandedOn(t *testing.T) {
	line := strings.Repeat("=", 80)
	got := string(thirdParty([]module{
		{path: "example.org/a", version: "v1.0.0", texts: []licenceText{{"LICENSE", []byte("\nas you like\n")}, {"NOTICE", []byte("by A")}}},
		{path: "example.org/b", version: "v2.0.0", texts: []licenceText{{"sub/COPYING", []byte("as B likes")}}},
	}))
	want := "hangtime contains code of the Go modules below, each under the terms that follow its name.\n" +
		"\n" + line + "\nexample.org/a v1.0.0: LICENSE\n" + line + "\n\nas you like\n" +
		"\n" + line + "\nexample.org/a v1.0.0: NOTICE\n" + line + "\n\nby A\n" +
		"\n" + line + "\nexample.org/b v2.0.0: sub/COPYING\n" + line + "\n\nas B likes\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestALicenceThatIsNotPermittedIsRefused(t *testing.T) {
	mit, err := os.ReadFile("../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	gpl, err := os.ReadFile("/usr/share/common-licenses/GPL-3")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		files      map[string]string // in a module of which the package sub is linked
	}{
		{"a licence", "", map[string]string{"LICENSE": string(mit)}},
		{"a licence of the package's own", "", map[string]string{"sub/COPYING.txt": string(mit)}},
		{"none", "no licence was recognised in 0 files", map[string]string{"README.md": string(mit)}},
		{"one in a folder that is not linked", "no licence was recognised", map[string]string{"other/LICENSE": string(mit)}},
		{"one of our own making", "LICENSE holds no licence that is known", map[string]string{"LICENSE": "do what we say"}},
		{"one of our own making in the package", "sub/COPYING holds no licence that is known", map[string]string{"LICENSE": string(mit), "sub/COPYING": "do what we say"}},
		{"one that binds the rest", "sub/LICENSE has the licence GPL", map[string]string{"LICENSE": string(mit), "sub/LICENSE": string(gpl)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range c.files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Join(root, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			m := module{path: "example.org/m", version: "v1.0.0"}
			err := m.gather(root, filepath.Join(root, "sub"))
			if err == nil {
				err = m.recognise()
			}
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

func TestTheImageIsWholeAndRuns(t *testing.T) {
	whole, err := layout.ImageIndexFromPath(unpack(t, built(t, "hangtime_*_oci.tar")))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(whole); err != nil {
		t.Error(err)
	}
	top, err := whole.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(top.Manifests) != 1 || top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "0.9.1" {
		t.Fatalf("%+v", top)
	}
	index, err := whole.ImageIndex(top.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		img, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(config.Config.Entrypoint, " "); got != "/usr/bin/hangtime" || config.Architecture != m.Platform.Architecture {
			t.Errorf("for %v: %s on %s", m.Platform, got, config.Architecture)
		}
	}
	if got := strings.Join(platforms, ","); got != testTargets {
		t.Errorf("it is for %s", got)
	}
	root := unpack(t, built(t, "hangtime_*_linux_amd64_rootfs.tar.gz"))
	wantVersion(t, asRoot("chroot", root, "/usr/bin/hangtime")...)
	run := asRoot("chroot", root, "/usr/bin/hangtime", "scenarios", "list")
	if out := output(t, run[0], run[1:]...); !strings.Contains(out, "log-contention") {
		t.Error(out)
	}
}

func TestWhatIsAskedForIsChecked(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "old.deb"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ out, targets, want string }{
		{full, testTargets, "is not empty; want a folder that is new or empty"},
		{t.TempDir(), "linux/sparc", `-targets: want some of linux/amd64,`},
		{t.TempDir(), "amd64", `got "amd64"`},
	} {
		if err := release("..", c.out, c.targets); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}
