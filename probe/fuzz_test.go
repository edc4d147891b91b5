package probe

import "testing"

func FuzzSelfDescribed(f *testing.F) {
	f.Add(make([]byte, 480))
	f.Fuzz(func(_ *testing.T, words []byte) {
		if len(words) >= 480 {
			_, _ = selfDescribed(words)
		}
	})
}
