// Package rq gives jobs to workers of RQ (python-rq.org), as its Queue.enqueue does, and follows them: by the job's own
// record, the streams of results and the registries that RQ keeps in Redis.
package rq
