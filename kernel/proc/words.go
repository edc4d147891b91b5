package proc

// Words goes through the words of a text without making anything of them: what is read ten times a second must leave
// no garbage.
type Words struct{ Rest []byte }

// Next is the next word; empty: there is none.
func (w *Words) Next() []byte {
	i := 0
	for i < len(w.Rest) && (w.Rest[i] == ' ' || w.Rest[i] == '\t' || w.Rest[i] == '\n') {
		i++
	}
	j := i
	for j < len(w.Rest) && w.Rest[j] != ' ' && w.Rest[j] != '\t' && w.Rest[j] != '\n' {
		j++
	}
	word := w.Rest[i:j]
	w.Rest = w.Rest[j:]
	return word
}

// Decimal reads an unsigned number; ok is false for anything else, and for one that does not fit.
func Decimal(word []byte) (n uint64, ok bool) {
	for _, c := range word {
		if c < '0' || c > '9' || n > (1<<64-1-9)/10 {
			return n, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(word) > 0
}
