//go:build !linux

package loadgen

import "github.com/hangtime-dev/hangtime/loadgen/hit"

// newFast is never there: the fast engine is made of Linux's epoll(7).
func newFast(*hit.Job) (fast engine, why string, err error) { return nil, "it needs Linux", nil }

// RealTime is never known here.
func RealTime() bool { return false }
