package words

import (
	"fmt"
	"math"
	"strings"
)

// All sizes are in the binary units that the kernel counts in: a KiB is 1,024 bytes.
const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// Size writes bytes in a sentence: 512 B, 64 KiB, 1.5 GiB.
func Size(n uint64) string {
	for _, unit := range []struct {
		name string
		size uint64
	}{{"GiB", gib}, {"MiB", mib}, {"KiB", kib}} {
		if n >= unit.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/float64(unit.size)), ".0") + " " + unit.name
		}
	}
	return fmt.Sprintf("%d B", n)
}

// Bytes writes a figure in bytes, which may be a median or a shrinkage, with as many digits as a table of such
// figures wants: 12 KiB, -3.0 MiB, 1.25 GiB.
func Bytes(n float64) string {
	switch a := math.Abs(n); {
	case a < kib:
		return fmt.Sprintf("%.0f B", n)
	case a < mib:
		return fmt.Sprintf("%.0f KiB", n/kib)
	case a < gib:
		return fmt.Sprintf("%.1f MiB", n/mib)
	}
	return fmt.Sprintf("%.2f GiB", n/gib)
}

// ShortSize is a size in at most five characters, for a column: 31M, 1.2G. None is not known: -.
func ShortSize(n uint64) string {
	switch {
	case n == 0:
		return "-"
	case n < mib:
		return fmt.Sprintf("%dK", n/kib)
	case n < 1000*mib:
		return fmt.Sprintf("%dM", n/mib)
	}
	return fmt.Sprintf("%.1fG", float64(n)/gib)
}
