package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"
)

// An entry of the palette is one thing that can be done or looked at.
type entry struct {
	kind  string // what sort of thing it is
	name  string // what it is called, and found by
	also  string // what is said of it, and finds it too
	key   string // that does the same; empty: none
	harms bool   // it breaks something, and asks before it does
	fill  string // what is typed for it where it wants a word more
	run   func() tea.Cmd
}

// A found entry is one that a query may mean.
type found struct {
	entry
	inName, inAlso []int // bytes of name and also that were matched
	score          int
}

// What a match is worth. Letters that stand in a name somewhere in their order are worth what the library says of them, which
// is some 10 to 300.
const (
	worthKey   = 10_000 // the query is the key itself
	worthExact = 5_000  // or the whole name
	worthWhole = 1_000  // or its beginning
	worthStart = 400    // a name begins with the word
	worthWord  = 250    // what is said of it has the word, at the beginning of one of its words
	worthPart  = 100    // or within one
	scattered  = 4      // letters of a name that lie over more than so many times their number are chance
)

// rankEntries are those that each word of a query matches, the best first; of equals that which stands first. An empty
// query means all.
func rankEntries(all []entry, query string) []found {
	var out []found
	query = strings.TrimSpace(query)
	for _, e := range all {
		f := found{entry: e}
		if f.match(query) {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b found) int { return b.score - a.score })
	return out
}

// match takes a query apart and adds up what its words are worth; false: one of them is not in it.
func (f *found) match(query string) bool {
	switch {
	case query == "":
		return true
	case query == f.key:
		f.score += worthKey
	case strings.EqualFold(query, f.name):
		f.score += worthExact
	case len(f.name) > len(query) && strings.EqualFold(query, f.name[:len(query)]):
		f.score += worthWhole
	}
	for word := range strings.FieldsSeq(query) {
		worth, ok := f.word(word)
		if !ok {
			return f.score >= worthKey
		}
		f.score += worth
	}
	// Of two names that match as well the shorter one is meant: less of it was left out.
	f.score -= min(len(f.name), 40) / 2
	return true
}

func (f *found) word(word string) (int, bool) {
	best, ok := 0, false
	if hits := fuzzy.Find(word, []string{f.name}); len(hits) > 0 {
		at := hits[0].MatchedIndexes
		if at[len(at)-1]-at[0] < scattered*len(word) {
			f.inName = append(f.inName, at...)
			best, ok = max(hits[0].Score, 1), true
			if strings.HasPrefix(strings.ToLower(f.name), strings.ToLower(word)) {
				best += worthStart
			}
		}
	}
	if ok {
		return best, true
	}
	for _, text := range []string{f.also, f.kind} {
		at := indexFold(text, word)
		if at < 0 {
			continue
		}
		if text == f.also {
			for i := range len(word) {
				f.inAlso = append(f.inAlso, at+i)
			}
		}
		if at == 0 || strings.ContainsRune(" /:(#,.", rune(text[at-1])) {
			return worthWord, true
		}
		return worthPart, true
	}
	return 0, false
}

// indexFold is where a word is in a text, whatever the case; -1: nowhere. Lower case of another length than the text, which
// few letters have, is not looked into.
func indexFold(text, word string) int {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		return strings.Index(text, word)
	}
	return strings.Index(lower, strings.ToLower(word))
}
