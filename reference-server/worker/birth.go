package worker

import "github.com/hangtime-dev/hangtime/reference-server/settings"

// A Birth is what the arbiter tells a worker.
type Birth struct {
	Config      settings.Config
	Place       int
	Age         int
	Owner       uint64
	MaxRequests int // its own limit, jitter included
	Listeners   int
}
