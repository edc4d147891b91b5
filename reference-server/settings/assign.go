package settings

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Canonical is the name of an option however it was written: worker_class, gunicorn's pidfile.
func Canonical(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if real, ok := Aliases()[name]; ok {
		return real
	}
	return name
}

// Assign gives the option a value as a flag, the environment or a file has it.
func (o Option) Assign(value any) error {
	text := fmt.Sprint(value)
	switch to := o.Value.(type) {
	case *string:
		switch value.(type) {
		case string, bool: // monitoring: off
		case int, int64, float64: // user: 33, as YAML, TOML and JSON give it
			// One digit is the same in both; 022 is 18 by now: whether it was written octal is not known any more.
			if o.Name == "umask" && (text < "0" || text > "7" || len(text) > 1) {
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
		d, err := ParseDuration(text)
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

// ParseDuration reads 4s, 500ms or, as gunicorn has it, a plain number of seconds.
func ParseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("want a time such as 30, 4s or 500ms, got %q", text)
	}
	return d, nil
}

// texts is a list, or, from the environment, what stands between commas or lines; commands have commas, so that a
// line end alone parts them when there is one.
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

// Seconds is a time on the command line that may be written as gunicorn does, without a unit.
type Seconds time.Duration

// String writes it with its unit.
func (s *Seconds) String() string { return time.Duration(*s).String() }

// Type is what help calls it.
func (s *Seconds) Type() string { return "time" }

// Set reads it as ParseDuration does.
func (s *Seconds) Set(text string) error {
	d, err := ParseDuration(text)
	*s = Seconds(d)
	return err
}
