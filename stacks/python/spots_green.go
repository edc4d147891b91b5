package python

// greenSpots are those of greenlets: gevent 22 to 26, eventlet 0.33 to 0.41.
func greenSpots() []waitSpot {
	return []waitSpot{
		{spot{"gevent/hub.py", "sleep"}, "sleep", nowhere, "", true},
		{spot{"gevent/thread.py", "LockType.acquire"}, "lock", itself, "", false},
		{spot{"gevent/lock.py", "RLock.acquire"}, "lock", itself, "", true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.recv"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.recvfrom"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.recv_into"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.send"}, "socket", socketIn, "_sock", false},
		{spot{"gevent/_socketcommon.py", "SocketMixin.sendall"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/_socketcommon.py", "SocketMixin._internal_connect"}, "socket", socketIn, "_sock", false},
		{spot{"gevent/_socketcommon.py", "SocketMixin.connect"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/_socket3.py", "socket.accept"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/ssl.py", "SSLSocket.read"}, "socket", socketIn, "_sock", false},
		{spot{"gevent/ssl.py", "SSLSocket.do_handshake"}, "socket", socketIn, "_sock", true},
		{spot{"gevent/_fileobjectposix.py", "GreenFileDescriptorIO.__read"}, "pipe", fileIn, "_fileno", false},
		{spot{"gevent/_fileobjectposix.py", "GreenFileDescriptorIO.readall"}, "pipe", fileIn, "_fileno", true},
		{spot{"gevent/subprocess.py", "Popen._gevent_result_wait"}, "child", pidAttribute, "pid", false},
		{spot{"gevent/subprocess.py", "Popen.wait"}, "child", pidAttribute, "pid", true},
		{spot{"gevent/subprocess.py", "Popen.communicate"}, "child", pidAttribute, "pid", true},
		{spot{"eventlet/hubs/hub.py", "BaseHub.switch"}, "", nowhere, "", false},
		{spot{"eventlet/hubs/__init__.py", "trampoline"}, "", nowhere, "", false},
		{spot{"eventlet/greenthread.py", "sleep"}, "sleep", nowhere, "", true},
		// Which stands for the locks of threading too.
		{spot{"eventlet/semaphore.py", "Semaphore.acquire"}, "lock", itself, "", false},
		{spot{"eventlet/event.py", "Event.wait"}, "event", itself, "", false},
		{spot{"eventlet/greenthread.py", "GreenThread.wait"}, "task", itself, "", true},
		{spot{"eventlet/queue.py", "Waiter.wait"}, "", nowhere, "", false},
		{spot{"eventlet/queue.py", "LightQueue.get"}, "queue", itself, "", true},
		{spot{"eventlet/queue.py", "LightQueue.put"}, "room", itself, "", true},
		{spot{"eventlet/greenio/base.py", "GreenSocket._trampoline"}, "socket", socketIn, "fd", false},
		{spot{"eventlet/greenio/base.py", "GreenSocket._read_trampoline"}, "socket", socketIn, "fd", false},
		{spot{"eventlet/greenio/base.py", "GreenSocket._recv_loop"}, "socket", socketIn, "fd", false},
		{spot{"eventlet/greenio/base.py", "GreenSocket.recv"}, "socket", socketIn, "fd", true},
		{spot{"eventlet/greenio/base.py", "GreenSocket.accept"}, "socket", socketIn, "fd", true},
		{spot{"eventlet/greenio/base.py", "GreenSocket.connect"}, "socket", socketIn, "fd", true},
	}
}
