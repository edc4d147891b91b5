package scenarios

import "testing"

func TestPlaceFindsTheLineOfACheck(t *testing.T) {
	text := []byte("name: mine\nload: {rate: 1, targets: [{path: /}]}\nvariants:\n  - name: one\n    expect: any\n    checks:\n      - that: failed == 0\n      - that: p99 < 5\n        why: quick\n")
	for key, want := range map[string][2]int{
		"variants[0].expect":    {5, 13},
		"variants[0].checks[1]": {8, 9},
		"variants[0].checks[7]": {7, 7},
		"variants[3].checks[1]": {4, 3},
		"checks[0]":             {1, 1},
	} {
		if line, column := Place(text, key); line != want[0] || column != want[1] {
			t.Errorf("%s: %d:%d, want %v", key, line, column, want)
		}
	}
	if line, _ := Place([]byte("{"), "name"); line != 0 {
		t.Errorf("a text that is no YAML has line %d", line)
	}
}
