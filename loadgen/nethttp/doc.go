// Package nethttp is the engine for all that the fast one does not speak, such as HTTPS, HTTP/2 and proxies: vegeta's
// Attacker on net/http.
//
// What vegeta gets wrong for us is put right around it: it stamps a hit when a sender becomes free, so the moment at
// which it was due comes from the timetable by the hit's number; and net/http sends a request again when its connection
// dies, which is seen by httptrace and counted as a failure of its own kind. It counts nothing: what became of each hit
// is left in the job's sink.
package nethttp
