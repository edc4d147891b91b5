package accesslog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hangtime-dev/hangtime/input"
)

// mostLine bounds a line of an access log, in bytes.
const mostLine = 1 << 20

// The years from which a log can be: nanoseconds since 1970 end in 2262.
const (
	firstYear = 1970
	lastYear  = 2261
)

// gzipped is how a gzip file begins: RFC 1952.
var gzipped = []byte{0x1f, 0x8b}

// Read reads an access log line by line: Common or Combined format (gunicorn's, nginx's and Apache's default), or one
// JSON object a line. It returns how many lines had no request in them. A line that is neither is an error with its
// number.
func Read(from io.Reader, each func(Request) error) (skipped int, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), mostLine)
	n := 0
	for lines.Scan() {
		n++
		text := lines.Bytes()
		if n == 1 {
			text = input.WithoutMark(text)
			if bytes.HasPrefix(text, gzipped) {
				return skipped, errors.New("it is packed with gzip; want it unpacked, as by `zcat`")
			}
		}
		line := strings.TrimSpace(string(text))
		if line == "" {
			continue
		}
		one, err := parseLine(line)
		if errors.Is(err, errNoRequest) {
			skipped++
			continue
		}
		if err == nil && (one.At.Year() < firstYear || one.At.Year() > lastYear) {
			err = fmt.Errorf("a moment in the year %d; want %d to %d", one.At.Year(), firstYear, lastYear)
		}
		if err == nil {
			err = each(one)
		}
		if err != nil {
			return skipped, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return skipped, fmt.Errorf("line %d: %w", n+1, err)
	}
	return skipped, nil
}

func parseLine(line string) (Request, error) {
	if strings.HasPrefix(line, "{") {
		return parseJSONLine(line)
	}
	return parseCommonLine(line)
}

// ReadFile is Read of the file at path, which each error names.
func ReadFile(path string, each func(Request) error) (skipped int, err error) {
	f, err := input.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if skipped, err = Read(f, each); err != nil {
		return skipped, fmt.Errorf("%s: %w", path, err)
	}
	return skipped, nil
}
