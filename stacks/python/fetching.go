package python

import (
	"slices"
	"strings"
)

// fetchSpots are the functions of clients of queues that wait for the next message: what a program does that is a
// worker by its own loop. Their names are those in the sources of redis 8.1, kombu 5.7, amqp 5.4, pika 1.4,
// kafka-python 3.0, psycopg 3.3 and pyzmq 27.3; of these redis was tried on real programs, and Debian's of 2022.
func fetchSpots() []idleSpot {
	redis := []string{"redis/"}
	amqp := []string{"amqp/", "kombu/", "vine/", "redis/"}
	var all []idleSpot
	add := func(place string, through []string, functions ...string) {
		for _, function := range functions {
			all = append(all, idleSpot{spot{place, function}, through})
		}
	}
	add("redis/commands/core.py", redis, "ListCommands.blpop", "ListCommands.brpop", "ListCommands.brpoplpush",
		"BasicKeyCommands.blmove", "ListCommands.blmpop", "StreamCommands.xread", "StreamCommands.xreadgroup",
		"SortedSetCommands.bzpopmin", "SortedSetCommands.bzpopmax", "SortedSetCommands.bzmpop")
	add("redis/client.py", redis, "PubSub.listen", "PubSub.get_message", "PubSub.parse_response")
	add("kombu/connection.py", amqp, "Connection.drain_events")
	add("amqp/connection.py", amqp, "Connection.drain_events")
	add("pika/adapters/blocking_connection.py", []string{"pika/"}, "BlockingChannel.start_consuming",
		"BlockingChannel.consume", "BlockingConnection.process_data_events")
	add("kafka/consumer/group.py", []string{"kafka/"}, "KafkaConsumer.poll", "KafkaConsumer.__next__")
	add("psycopg/connection.py", []string{"psycopg/"}, "Connection.notifies")
	add("zmq/sugar/socket.py", []string{"zmq/"}, "Socket.recv_multipart", "Socket.recv_string", "Socket.recv_json",
		"Socket.recv_pyobj")
	return all
}

// entries are the files of libraries below which a program's own loop runs, and that take no work themselves.
func entries() []string {
	return []string{"threading.py", "runpy.py", "<frozen runpy>", "contextlib.py", "argparse.py", "click/", "typer/", "fire/",
		"tenacity/", "django/core/management/"}
}

// course says whether a thread is in a program's own course: the application's code, and no library that takes work
// has called it.
func course(frames []frame) bool {
	own := slices.IndexFunc(frames, func(f frame) bool { return !f.code.library })
	if own < 0 {
		return false
	}
	return !slices.ContainsFunc(frames[own:], func(f frame) bool {
		return f.code.library && !startsWithAny(f.code.place, entries())
	})
}

// fetches says whether a thread waits for its next message in the application's own loop. Under a server or a framework
// the same function waits for the answer to a request.
func (r *Reader) fetches(frames []frame) bool {
	waits := -1
	for i, f := range frames {
		if waits < 0 && f.code.library {
			for _, one := range f.code.said.fetches {
				if r.at(f, one.spot) && onlyWaits(frames[:i], one.through) {
					waits = i
				}
			}
			continue
		}
		if waits < 0 {
			return false
		}
		through := frames[waits].code.said.fetches[0].through
		if f.code.library && !startsWithAny(f.code.place, entries()) && !startsWithAny(f.code.place, through) {
			return false
		}
	}
	return waits >= 0
}

func startsWithAny(place string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(place, prefix) })
}
