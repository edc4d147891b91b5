package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/hangtime-dev/hangtime/tui"
	"github.com/hangtime-dev/hangtime/tui/settings"
)

func addScreenFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.Bool("plain", false, "plain lines instead of screens, for screen readers and pipes")
	flags.String("theme", "auto", "colours: auto, dark, light, 16 or none")
	flags.Bool("ascii", false, "draw with ASCII characters only")
	flags.String("config", "", "configuration file (default: $XDG_CONFIG_HOME/hangtime/config.yaml)")
}

// checkConfig judges a configuration file that was asked for, whatever the command then needs of it.
func checkConfig(cmd *cobra.Command) error {
	flag := cmd.Flags().Lookup("config")
	if flag == nil || !flag.Changed || flag != cmd.Root().PersistentFlags().Lookup("config") { // serve has another
		return nil
	}
	v, file, err := readSettings(cmd)
	if err == nil {
		_, err = screenOptions(cmd, v, file)
	}
	if err != nil {
		return &exit{exitUsage, err}
	}
	return nil
}

// screenFor is how the screens are to look; nil: no screen is wanted, or there is no terminal. What is wrong with the
// settings is a usage error.
func screenFor(cmd *cobra.Command) (*tui.Options, error) {
	v, file, err := readSettings(cmd)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	options, err := screenOptions(cmd, v, file)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	if v.GetBool("plain") || !onTerminal(cmd.OutOrStdout()) {
		return nil, nil
	}
	return options, nil
}

// readSettings puts together, from strong to weak: flags, environment, file. file is empty where there is none.
func readSettings(cmd *cobra.Command) (v *viper.Viper, file string, err error) {
	v = viper.New()
	v.SetDefault("mouse", true)
	v.SetDefault("refresh", "100ms")
	v.SetEnvPrefix("hangtime")
	for _, name := range settings.Names() {
		if err := v.BindEnv(name); err != nil {
			return nil, "", err
		}
		if flag := cmd.Flags().Lookup(name); flag != nil {
			if err := v.BindPFlag(name, flag); err != nil {
				return nil, "", err
			}
		}
	}
	file, _ = cmd.Flags().GetString("config")
	asked := file != ""
	if !asked {
		dir, err := os.UserConfigDir()
		if err != nil {
			return v, "", nil // without a home there is no file to read
		}
		file = filepath.Join(dir, "hangtime", "config.yaml")
	}
	content, err := settings.ReadFile(file)
	if (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) && !asked {
		return v, "", nil // the home may be another user's, as under setpriv
	}
	if err == nil {
		err = v.MergeConfigMap(content)
	}
	return v, file, err
}

// screenOptions checks each setting and says where a wrong one comes from.
func screenOptions(cmd *cobra.Command, v *viper.Viper, file string) (*tui.Options, error) {
	wrong := func(name, format string, args ...any) error {
		return fmt.Errorf("%s: %s", settingFrom(cmd, name, file), fmt.Sprintf(format, args...))
	}
	for _, name := range []string{"ascii", "mouse", "plain"} {
		if text := strings.ToLower(v.GetString(name)); text != "true" && text != "false" && text != "1" && text != "0" && text != "" {
			return nil, wrong(name, "%q: want true or false", text)
		}
	}
	refresh, err := tui.ParseRefresh(v.GetString("refresh"))
	if err != nil {
		return nil, wrong("refresh", "%v", err)
	}
	options := &tui.Options{Theme: v.GetString("theme"), ASCII: v.GetBool("ascii") || tui.OnlyASCII(), NoMouse: !v.GetBool("mouse"),
		Refresh: refresh}
	if err := options.Check(); err != nil {
		return nil, wrong("theme", "%v", err)
	}
	options.Keys, err = tui.ParseKeys(v.Get("keys"))
	if err == nil {
		err = options.Check()
	}
	if err != nil {
		return nil, wrong("keys", "%v", err)
	}
	return options, nil
}

// settingFrom is where the value of a setting was given.
func settingFrom(cmd *cobra.Command, name, file string) string {
	env := "HANGTIME_" + strings.ToUpper(name)
	switch flag := cmd.Flags().Lookup(name); {
	case flag != nil && flag.Changed:
		return "--" + name
	case os.Getenv(env) != "":
		return env
	case file != "":
		return "configuration " + file + ": " + name
	}
	return name
}

func onTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(f.Fd()) && term.IsTerminal(os.Stdin.Fd()) && os.Getenv("TERM") != "dumb"
}
