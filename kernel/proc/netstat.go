package proc

import "bytes"

// ListenOverflows is how many connections were dropped so far because a listening socket's queue was full (TcpExt:
// ListenOverflows of /proc/PID/net/netstat; nstat(8) tells it): of all listeners of the process's network namespace
// together.
func (fs FS) ListenOverflows(pid int) (dropped uint64, ok bool) {
	text, err := Read(fs.Path(pid, "net/netstat"), MaxRead)
	if err != nil {
		return 0, false
	}
	return ParseListenOverflows(text)
}

// ParseListenOverflows finds it in the pairs of lines: names, then numbers.
func ParseListenOverflows(text []byte) (uint64, bool) {
	for len(text) > 0 {
		names, rest, _ := bytes.Cut(text, []byte("\n"))
		values, rest, found := bytes.Cut(rest, []byte("\n"))
		if !found && len(values) == 0 {
			return 0, false
		}
		text = rest
		name, value := Words{names}, Words{values}
		for {
			key, figure := name.Next(), value.Next()
			if len(key) == 0 || len(figure) == 0 {
				break
			}
			if string(key) == "ListenOverflows" {
				return Decimal(figure)
			}
		}
	}
	return 0, false
}
