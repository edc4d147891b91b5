//go:build !amd64

package probe

// archCallName has the calls that newer architectures do without: none here.
func archCallName(int) (string, bool) { return "", false }
