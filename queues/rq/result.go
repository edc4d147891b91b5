package rq

import "github.com/hangtime-dev/hangtime/queues/resp"

// field is one of those of a stream's entry: [id, [name, value, name, value …]].
func field(entry any, name string) string {
	parts, _ := entry.([]any)
	if len(parts) != 2 {
		return ""
	}
	pairs := resp.Texts(parts[1])
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1]
		}
	}
	return ""
}

// timesDone counts the results of a stream that say that the job ended well.
func timesDone(stream any) int {
	const successful = "1" // rq.results.Result.Type
	entries, _ := stream.([]any)
	n := 0
	for _, entry := range entries {
		if field(entry, "type") == successful {
			n++
		}
	}
	return n
}
