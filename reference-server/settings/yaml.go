package settings

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteYAML writes every option with its help, as a file that can be read again.
func (c *Config) WriteYAML(to io.Writer) error {
	for _, o := range c.Options() {
		value := ""
		switch v := o.Value.(type) {
		case *int:
			value = strconv.Itoa(*v)
		case *bool:
			value = strconv.FormatBool(*v)
		case *string:
			value = strconv.Quote(*v)
		case *time.Duration:
			value = v.String()
		case *[]string:
			quoted := make([]string, len(*v))
			for i, text := range *v {
				quoted[i] = strconv.Quote(text)
			}
			value = "[" + strings.Join(quoted, ", ") + "]"
		}
		if _, err := fmt.Fprintf(to, "# %s\n%s: %s\n", o.Help, o.Name, value); err != nil {
			return err
		}
	}
	return nil
}
