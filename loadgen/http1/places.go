package http1

import (
	"runtime"
	"sync"
)

// changing is held while GOMAXPROCS is read and set anew: Go has no call that does both, and the number is the whole
// process's, in which several attacks may begin and end at the same time. It is no state of ours: that is Go's own,
// which each engine leaves as it found it.
var changing sync.Mutex

// addPlaces has Go run n more goroutines at once than now, or fewer.
func addPlaces(n int) {
	changing.Lock()
	defer changing.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
