// Package loadgen sends load to a server and tells the truth about it: every hit has its own moment at which it is due,
// response time counts from there whether or not it could be sent then, and every hit is accounted for once, as ok,
// failed, dropped or unanswered. It watches nothing of the server but its answers: what the server's processes do is the
// probe's business.
//
// An Attack makes a plan ready (schedule says when each hit is due, request what it sends, accesslog reads what is
// replayed), gives it to an engine as a job (hit; http1 is the fast engine, nethttp the one for all else), and keeps the
// books of what became of each hit while ledger follows the accepted tasks.
package loadgen
