//go:build !amd64 && !arm64

package perf

const (
	known     = false
	registers = uint64(0)
)

func (s *Sample) order() []*uint64 { return nil }
