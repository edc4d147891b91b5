package python

// Where asyncio's futures keep who is told when they are done, and a function its closure (Modules/_asynciomodule.c,
// Include/cpython/funcobject.h).
const (
	futureCallback  = 24 // the first one
	functionName    = 40
	functionClosure = 72
)

// closure is what a function has of the one that made it.
func closure(o *objectReader, function uint64) []uint64 {
	const most, content = 16, 16
	cells := o.items(o.mem.word(function+functionClosure), most)
	for i, cell := range cells {
		cells[i] = o.mem.word(cell + content)
	}
	return cells
}
