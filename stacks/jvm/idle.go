package jvm

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// pooled says that a thread is one of a pool's, by the frames that it began with.
func pooled(frames []stacks.Frame) bool {
	for _, f := range frames[max(0, len(frames)-maxRoot):] {
		class, method := split(f.Function)
		switch {
		case strings.HasPrefix(class, "java.lang.ProcessHandleImpl"): // it waits for the end of a child, for whoever asks
			return false
		case strings.HasSuffix(class, "ThreadPoolExecutor$Worker"): // java.util.concurrent's, Tomcat's
			return true
		case class == "java.util.concurrent.ForkJoinWorkerThread",
			class == "org.apache.tomcat.util.threads.TaskThread$WrappingRunnable",
			class == "org.eclipse.jetty.util.thread.QueuedThreadPool$Runner",
			strings.HasPrefix(class, "org.jboss.threads.EnhancedQueueExecutor$"), isLoop(class),
			class == "org.glassfish.grizzly.threadpool.AbstractThreadPool$Worker",
			class == "kotlinx.coroutines.scheduling.CoroutineScheduler$Worker":
			return method != "<init>"
		case class == "sun.net.httpserver.ServerImpl$DefaultExecutor": // its dispatcher runs the handlers itself
			return true
		}
	}
	return false
}

// isLoop says that a class is an event loop with one thread, which calls what is due: Netty's, of Vert.x too, and XNIO's,
// of Undertow.
func isLoop(class string) bool {
	switch class {
	case "io.netty.channel.nio.NioEventLoop", "io.netty.channel.epoll.EpollEventLoop", "org.xnio.nio.WorkerThread":
		return true
	}
	return strings.HasPrefix(class, "io.netty.util.concurrent.SingleThreadEventExecutor$")
}

// inTurn says that a thread runs the application's code in a turn of the event loop that it is: all that the loop has
// waits for it.
func inTurn(frames []stacks.Frame) bool {
	return anyOwn(frames) && slices.ContainsFunc(frames[max(0, len(frames)-maxRoot):], func(f stacks.Frame) bool {
		class, method := split(f.Function)
		return isLoop(class) && method != "<init>" || class == "sun.net.httpserver.ServerImpl$DefaultExecutor"
	})
}

// lent says that a thread of a pool rests in a part that it has for good, and takes no job of the pool's meanwhile:
// Jetty's pool has the threads too that accept and that select.
func lent(frames []stacks.Frame) bool {
	return slices.ContainsFunc(frames, func(f stacks.Frame) bool {
		switch f.Function {
		case "org.eclipse.jetty.io.ManagedSelector$SelectorProducer.select", "org.eclipse.jetty.server.ServerConnector.accept":
			return true
		}
		return false
	})
}

// maxRoot is how many of the outermost frames say what a thread was made for.
const maxRoot = 8

// idle says that a thread is proven to wait for its next piece of work, and not for something that it needs for one.
// blocked is the state of one that is in the virtual machine.
func idle(t *thread, blocked uint32) bool {
	switch {
	case t.moved:
		return false
	case len(t.frames) == 0:
		return ofRuntime(t, blocked)
	case t.wait.On == "monitor" || t.wait.On == "lock" || t.wait.On == "pool":
		return false
	}
	for i, f := range t.frames {
		if !f.Library {
			return false
		}
		if isIdlePlace(f.Function) || isRestingLoop(f.Function) && onlyWaits(t.frames[:i]) {
			return true
		}
		// It runs a piece of work of which all is a library's.
		if strings.HasSuffix(f.Function, "ThreadPoolExecutor.runWorker") {
			return false
		}
	}
	// A library's own loop over what its selector has for it.
	return strings.HasPrefix(t.frames[0].Function, "sun.nio.ch.EPoll.wait")
}

// ofRuntime says that a thread is one of the virtual machine's own, which run no Java while they wait: or its first
// one that waits for the end of all others after main has returned.
func ofRuntime(t *thread, blocked uint32) bool {
	if t.state != blocked {
		return false
	}
	switch t.name {
	case "Signal Dispatcher", "Service Thread", "Monitor Deflation Thread", "Sweeper thread", "Notification Thread",
		"Attach Listener", "DestroyJavaVM":
		return true
	}
	return strings.HasPrefix(t.name, "C1 CompilerThread") || strings.HasPrefix(t.name, "C2 CompilerThread")
}

// isIdlePlace says that a function does nothing but wait for the next piece of work of its thread. Names are those of
// OpenJDK 11 to 25, Tomcat 9 and 10, Jetty 9 to 12, Netty 4.1, jboss-threads 3.5 (Undertow), Grizzly 4 and
// kotlinx.coroutines 1.8. Those of the last, and Grizzly's SyncThreadPool, were read only; the others' servers were tried.
func isIdlePlace(function string) bool {
	switch function {
	case "java.util.concurrent.ThreadPoolExecutor.getTask", "java.util.concurrent.ForkJoinPool.awaitWork",
		"java.net.ServerSocket.accept", "sun.nio.ch.ServerSocketChannelImpl.accept", "java.util.TimerThread.mainLoop",
		"java.lang.ref.ReferenceQueue.remove", "java.lang.ref.ReferenceQueue.remove0",
		"java.lang.ref.Reference.waitForReferencePendingList",
		"org.apache.tomcat.util.threads.ThreadPoolExecutor.getTask",
		"org.apache.tomcat.util.net.NioEndpoint.serverSocketAccept",
		"org.apache.catalina.core.ContainerBase$ContainerBackgroundProcessor.threadSleep",
		"org.apache.catalina.core.StandardServer.await",
		"org.eclipse.jetty.util.thread.QueuedThreadPool.idleJobPoll",
		"org.eclipse.jetty.util.thread.QueuedThreadPool$Runner.idleJobPoll",
		"org.eclipse.jetty.util.thread.ReservedThreadExecutor$ReservedThread.reservedWait",
		"org.eclipse.jetty.io.ManagedSelector$SelectorProducer.select", "org.eclipse.jetty.server.ServerConnector.accept",
		"io.netty.util.concurrent.SingleThreadEventExecutor.takeTask", "io.netty.channel.nio.NioEventLoop.select",
		"io.netty.channel.epoll.EpollEventLoop.epollWait", "io.netty.channel.epoll.Native.epollWait",
		"org.jboss.threads.EnhancedQueueExecutor$PoolThreadNode.park",
		"org.glassfish.grizzly.threadpool.FixedThreadPool$BasicWorker.getTask",
		"org.glassfish.grizzly.threadpool.SyncThreadPool$SyncThreadWorker.getTask",
		"kotlinx.coroutines.scheduling.CoroutineScheduler$Worker.park":
		return true
	}
	return false
}

// isRestingLoop says that a function does what is due on its thread, and pauses until the next thing is.
func isRestingLoop(function string) bool {
	switch function {
	case "sun.net.www.http.KeepAliveCache.run", "org.glassfish.grizzly.utils.DelayedExecutor$DelayedRunnable.run",
		"io.netty.util.HashedWheelTimer$Worker.waitForNextTick":
		return true
	}
	return false
}

// onlyWaits says that frames do nothing but wait for whoever called them.
func onlyWaits(frames []stacks.Frame) bool {
	return !slices.ContainsFunc(frames, func(f stacks.Frame) bool {
		switch class, method := split(f.Function); class {
		case "java.lang.Object":
			return !strings.HasPrefix(method, "wait")
		case "java.lang.Thread":
			return !strings.HasPrefix(method, "sleep")
		case "java.util.concurrent.locks.LockSupport", "jdk.internal.misc.Unsafe":
			return !strings.HasPrefix(method, "park")
		}
		return true
	})
}
