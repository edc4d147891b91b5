package python

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

// entryFiles are the files of libraries below which a program's own loop runs, and that take no work themselves.
func entryFiles() []string {
	return []string{"threading.py", "runpy.py", "<frozen runpy>", "contextlib.py", "argparse.py", "click/", "typer/", "fire/",
		"tenacity/", "django/core/management/"}
}
