package python

// A waitSpot is a function of a library that waits: for what, and where its frame says for which one.
type waitSpot struct {
	spot
	on   string
	clue clue
	name string // of the attribute or local variable that the clue is about
	last bool   // whoever called it waits for no more than this
}

// A clue is where the frame of a function that waits says more of what it waits for.
type clue int

const (
	nowhere         clue = iota // it says no more
	itself                      // the object whose method it is
	named                       // what is waited for has this name; nothing is read
	nameIn                      // an attribute of its own object has its name
	attributeOf                 // an attribute of that object
	variableOf                  // a local variable
	ownedLock                   // its own object is an RLock that is written in Python
	importLock                  // its own object is the lock of a module that is being imported
	owedFuture                  // its own object is a future of concurrent.futures
	joined                      // its own object is the thread whose end is waited for
	leftOver                    // a thread that keeps the interpreter from ending
	processOwn                  // its own object is a process of multiprocessing
	processVariable             // a local variable is one
	pidAttribute                // an attribute has the number of a child process
	pidVariable                 // a local variable has one
	fileIn                      // an attribute has a descriptor
	socketOwn                   // its own object is a socket
	socketIn                    // an attribute is one
	socketVariable              // a local variable is one
	transportIn                 // an attribute is a transport of asyncio's
	futureVariable              // a local variable is what is waited for in the place of a future of its own
	taskAmong                   // a local variable is a set of tasks
	taskOfGroup                 // its own object is a group of tasks
	limiter                     // its own object is anyio's of how many threads may run at once
	queuePool                   // its own object is a pool of SQLAlchemy's
	psycopgPool                 // of psycopg_pool's
	fullPool                    // of another library's, with the attribute that says how many connections it may have
	greenletsPool               // a local variable is the greenlet in which SQLAlchemy runs its code for asyncio
	urllibPool                  // of urllib3's
)
