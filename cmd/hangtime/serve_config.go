package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	refserver "github.com/hangtime-dev/hangtime/reference-server"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// serveConfig puts the reference server's options together: a flag that was given, else HANGTIME_NAME, else the file, else the default.
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
		if err := assignOption(o, v.Get(o.Name)); err != nil {
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
	raw := viper.New()
	raw.SetConfigFile(file)
	if err := raw.ReadInConfig(); err != nil {
		return nil, fmt.Errorf("--config %s: %w", file, err)
	}
	content := map[string]any{}
	for key, value := range raw.AllSettings() {
		name := canonical(key)
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

// assignOption gives an option a value as a flag, the environment or a file has it.
func assignOption(o settings.Option, value any) error {
	text := fmt.Sprint(value)
	switch to := o.Value.(type) {
	case *string:
		switch value.(type) {
		case string, bool: // monitoring: off
		case int, int64, float64: // user: 33, as YAML, TOML and JSON give it
			if o.Name == "umask" && (text < "0" || text > "7" || len(text) > 1) { // one digit is the same in both; 022 is 18 by now: whether it was written octal is not known any more
				return fmt.Errorf("want a text in quotes, such as \"022\", got the number %v", value)
			}
		default:
			return fmt.Errorf("want a text, got %v", value)
		}
		*to = text
		if b, ok := value.(bool); ok && o.Choices != nil {
			*to = map[bool]string{true: "on", false: "off"}[b] // as YAML 1.1 reads the two words
		}
	case *int:
		if f, ok := value.(float64); ok && f == math.Trunc(f) {
			text = strconv.FormatFloat(f, 'f', -1, 64)
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("want a whole number, got %q", text)
		}
		*to = n
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("want true or false, got %q", text)
		}
		*to = b
	case *time.Duration:
		d, err := settings.ParseDuration(text)
		if err != nil {
			return err
		}
		*to = d
	case *[]string:
		list, err := texts(value)
		if err != nil {
			return err
		}
		*to = list
	}
	return nil
}

// texts is a list, or, from the environment, what stands between commas or lines; commands have commas, so that a line end alone parts them when there is one.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case []string:
		return append([]string(nil), v...), nil
	case []any:
		var list []string
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("want a list of texts, got %v in it", item)
			}
			list = append(list, text)
		}
		return list, nil
	case string:
		var list []string
		for _, line := range strings.Split(v, "\n") {
			if strings.Contains(line, "=") { // NAME=COMMAND
				list = append(list, line)
				continue
			}
			for _, item := range strings.Split(line, ",") {
				if item = strings.TrimSpace(item); item != "" {
					list = append(list, item)
				}
			}
		}
		return list, nil
	}
	return nil, fmt.Errorf("want a list of texts, got %v", value)
}
