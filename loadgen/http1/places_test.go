package http1

import (
	"runtime"
	"sync"
	"testing"
)

// Attacks begin and end as they like, several at once: while they run each has its place, and afterwards there are as
// many as before.
func TestEnginesAtOnceLeaveThePlacesOfTheProcessAsTheyWere(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	const engines = 8
	for range 20 {
		var begun, ended sync.WaitGroup
		start, end := make(chan struct{}), make(chan struct{})
		for range engines {
			begun.Add(1)
			ended.Go(func() {
				<-start
				addPlaces(1)
				begun.Done()
				<-end
				addPlaces(-1)
			})
		}
		close(start)
		begun.Wait()
		if got := runtime.GOMAXPROCS(0); got != before+engines {
			t.Errorf("%d places with %d engines; want %d more than %d", got, engines, engines, before)
		}
		close(end)
		ended.Wait()
		if got := runtime.GOMAXPROCS(0); got != before {
			t.Fatalf("%d places after %d engines; want %d", got, engines, before)
		}
	}
}
