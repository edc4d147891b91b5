package worker

import (
	"sync/atomic"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// An application is what answers requests, whatever class of request side reads them.
type application struct {
	pid     int64 // this process's: asking the kernel costs every request a system call
	place   int
	cfg     *settings.Config
	clock   heartbeat.Clock
	page    *heartbeat.Page
	board   *board.Board
	log     *tasklog.Log
	manager *tasks.Manager
	memory  *memory
	served  atomic.Int64 // requests
	conns   atomic.Int64 // that are open
}
