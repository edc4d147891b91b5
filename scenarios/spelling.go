package scenarios

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// unknownHint says what an unknown word could have meant.
func unknownHint(name string, allowed []string) string {
	if near := nearest(name, allowed); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	sorted := slices.Clone(allowed)
	sort.Strings(sorted)
	return "want one of " + strings.Join(sorted, ", ")
}

// nearest is the allowed word at an edit distance that a slip of the finger explains, or nothing.
func nearest(word string, allowed []string) string {
	best, bestDistance := "", len(word)/3+1
	for _, a := range allowed {
		if d := editDistance(strings.ToLower(word), a); d <= bestDistance && d < len(a) {
			best, bestDistance = a, d-1
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
