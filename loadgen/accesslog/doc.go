// Package accesslog reads access logs as servers write them: the Common and Combined formats, and one JSON object a
// line.
//
// It sends nothing: what becomes of the requests is for others to say.
package accesslog
