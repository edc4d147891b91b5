package loadgen

import (
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

// work is a plan made ready: what is hit, and when.
type work struct {
	targets  []request.Target
	rotation []uint32
	schedule schedule.Schedule
	peak     float64 // highest rate, in hits a second; 0: as fast as the server answers
}
