// Package loadgen sends load to a server and tells the truth about it: every hit has its own moment at which it is due, response time counts from there
// whether or not it could be sent then, and every hit is accounted for once, as ok, failed, dropped or unanswered.
// It watches nothing of the server but its answers: what the server's processes do is the probe's business.
package loadgen
