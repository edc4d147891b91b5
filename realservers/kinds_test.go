//go:build realservers

package realservers

// What a hang may be because of, in the words of `diagnose --json`. Some waits have two right names: every thread of
// a pool that waits for one lock is both.
var (
	aLock      = []string{"mutex", "event", "pool-exhausted"}
	aPool      = []string{"pool-exhausted"}
	anAnswer   = []string{"socket-wait", "pool-exhausted"}
	aChild     = []string{"child"}
	aTerminal  = []string{"terminal"}
	aSemaphore = []string{"semaphore"}
	aFullPipe  = []string{"pipe-full"}
	aFileLock  = []string{"file-lock"}
	anEmpty    = []string{"pipe-empty"}
	anotherTry = []string{"retry"}
	itself     = []string{"self-call"}
	leaving    = []string{"leaving"}
	aFile      = []string{"disk"}
	asleep     = []string{"sleeping"}
	stopped    = []string{"stopped"}
	noFiles    = []string{"descriptors"}
)
