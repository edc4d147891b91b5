package python

// A waitReader tells what pieces of work wait for.
type waitReader struct {
	runtime  *cpython
	objects  *objectReader
	unwinder *unwinder
	names    *nameReader
	locks    *lockReader
	forks    *forkReader
	futures  *futureReader
	clues    *clueReader
}
