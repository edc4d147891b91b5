package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/hangtime-dev/hangtime/input"
	refserver "github.com/hangtime-dev/hangtime/reference-server"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// serveConfig puts the reference server's options together: a flag that was given, else HANGTIME_NAME, else the file,
// else the default.
func serveConfig(flags *pflag.FlagSet, file string) (refserver.Config, error) {
	cfg := refserver.Default()
	options := cfg.Options()
	v := viper.New()
	if file != "" {
		content, err := readServeFile(file, options)
		if err != nil {
			return cfg, err
		}
		if err := v.MergeConfigMap(content); err != nil {
			return cfg, fmt.Errorf("%s: %w", file, err)
		}
	}
	var wrong []error
	for _, o := range options {
		names := variables(o.Name)
		if err := errors.Join(v.BindEnv(append([]string{o.Name}, names...)...), v.BindPFlag(o.Name, flags.Lookup(o.Name))); err != nil {
			return cfg, err
		}
		if err := o.Assign(v.Get(o.Name)); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", sourceOf(o.Name, names, flags, file), err))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

// variables are the names of the environment that set an option: its own and that of gunicorn's configuration file.
func variables(option string) []string {
	names := []string{option}
	for alias, real := range settings.Aliases() {
		if real == option {
			names = append(names, alias)
		}
	}
	for i, name := range names {
		names[i] = "HANGTIME_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	}
	return names
}

func sourceOf(option string, variables []string, flags *pflag.FlagSet, file string) string {
	if flags.Changed(option) {
		return "--" + option
	}
	for _, name := range variables {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return file + ": " + option
}

// readServeFile reads the file with its keys as options are named here.
func readServeFile(file string, options []settings.Option) (map[string]any, error) {
	extension := strings.TrimPrefix(filepath.Ext(file), ".")
	if !slices.Contains([]string{"yaml", "yml", "toml", "json"}, extension) {
		return nil, fmt.Errorf("--config %s: want a .yaml, .toml or .json file; the settings of a gunicorn.conf.py keep their names there", file)
	}
	text, err := input.ReadFile(file, input.MostYAML)
	if err == nil {
		text, err = input.UTF8(text)
	}
	if err == nil && strings.HasPrefix(extension, "y") {
		var parsed *ast.File
		parsed, err = input.YAML(text) // its bounds, before a parser without any
		if err == nil && len(parsed.Docs) > 0 && parsed.Docs[0].Body != nil {
			if _, ok := input.Pairs(parsed.Docs[0].Body); !ok {
				err = errors.New("want an option and its value on each line, such as workers: 4")
			}
		}
	}
	raw := viper.New()
	raw.SetConfigType(extension)
	if err == nil {
		err = raw.ReadConfig(bytes.NewReader(text))
	}
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", file, input.PlainYAML(err))
	}
	content := map[string]any{}
	for key, value := range raw.AllSettings() {
		name := settings.Canonical(key)
		if !slices.ContainsFunc(options, func(o settings.Option) bool { return o.Name == name }) {
			return nil, fmt.Errorf("%s: %s: there is no such option; `hangtime serve --help` lists them", file, key)
		}
		if _, twice := content[name]; twice {
			return nil, fmt.Errorf("%s: %s: it is there twice, under two names", file, name)
		}
		content[name] = value
	}
	return content, nil
}
