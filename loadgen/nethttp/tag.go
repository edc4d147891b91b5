package nethttp

import (
	"strconv"
	"strings"
	"time"
)

// tagHeader carries a tag from the targeter to the round tripper, which takes it off.
const tagHeader = "X-Hangtime-Target"

// tagOf is what the targeter tells the round tripper about a hit: its target and, in a closed loop, when its user was
// ready.
func tagOf(target uint32, due time.Duration) string {
	return strconv.FormatUint(uint64(target), 10) + " " + strconv.FormatInt(int64(due), 10)
}

func parseTag(text string) (target uint32, due time.Duration, err error) {
	first, second, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(first, 10, 32)
	if err != nil {
		return 0, 0, err
	}
	d, err := strconv.ParseInt(second, 10, 64)
	return uint32(n), time.Duration(d), err
}
