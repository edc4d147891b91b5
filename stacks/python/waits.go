package python

// waits tells what pieces of work wait for.
type waits struct {
	runtime  *runtime
	objects  *objects
	unwinder *unwinder
	names    *names
	locks    *locks
	forks    *forks
	futures  *futures
	clues    *clues
}
