package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writeSBOM writes the bill of materials, as CycloneDX: the modules that the program itself says it was built of
// (debug/buildinfo), with Go's sum of each, and their licences.
func (s *staged) writeSBOM(out string) (err error) {
	bom, err := s.bom()
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(out, s.name()+".cdx.json"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
}

func (s *staged) bom() (*cdx.BOM, error) {
	text, err := os.ReadFile(s.file(program))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	self := component(cdx.ComponentTypeApplication, s.info.Main.Path, s.info.Main.Version, "MIT")
	self.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	self.Properties = &[]cdx.Property{{Name: "platform", Value: s.target.String()}}
	licences := map[string][]string{}
	for _, m := range s.modules {
		licences[m.path] = m.licences
	}
	goVersion := s.info.GoVersion[len("go"):]
	parts := []cdx.Component{component(cdx.ComponentTypeLibrary, standard, goVersion, licences[standard]...)}
	needs := []string{parts[0].BOMRef}
	for _, d := range s.info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		if len(licences[d.Path]) == 0 {
			return nil, fmt.Errorf("the program has %s inside, of which no licence was found", d.Path)
		}
		c := component(cdx.ComponentTypeLibrary, d.Path, d.Version, licences[d.Path]...)
		c.Properties = &[]cdx.Property{{Name: "go.sum", Value: d.Sum}}
		parts = append(parts, c)
		needs = append(needs, c.BOMRef)
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: s.date.Format(time.RFC3339), Component: &self}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: self.BOMRef, Dependencies: &needs}}
	return bom, nil
}

func component(kind cdx.ComponentType, path, version string, licences ...string) cdx.Component {
	url := "pkg:golang/" + path + "@" + version
	c := cdx.Component{Type: kind, BOMRef: url, Name: path, Version: version, PackageURL: url}
	var all cdx.Licenses
	for _, id := range licences {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	c.Licenses = &all
	return c
}
