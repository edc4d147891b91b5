// Package celery gives tasks to workers of Celery 4 and later by its message protocol 2
// (docs.celeryq.dev/en/stable/internals/protocol.html) over a Redis broker as kombu lays it out, and follows them: by the
// results in a Redis store, by the broker's lists, and by asking the workers what they hold
// (docs.celeryq.dev/en/stable/userguide/workers.html#inspecting-workers).
package celery
