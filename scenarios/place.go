package scenarios

import "github.com/goccy/go-yaml/parser"

// Place finds where a key such as "variants[0].checks[1]" stands in a scenario's text; where the key is not written,
// its nearest parent. Lines and columns are from 1; 0 in a text that is no YAML.
func Place(text []byte, key string) (line, column int) {
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil || len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		return 0, 0
	}
	return locate(parsed.Docs[0].Body, key, "")
}
