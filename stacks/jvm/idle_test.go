package jvm

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// library are frames of a library, from the innermost one.
func library(functions ...string) (all []stacks.Frame) {
	for _, f := range functions {
		all = append(all, stacks.Frame{Function: f, Library: !strings.HasPrefix(f, "shop.")})
	}
	return all
}

func TestIdle(t *testing.T) {
	worker := []string{"java.util.concurrent.ThreadPoolExecutor.runWorker",
		"java.util.concurrent.ThreadPoolExecutor$Worker.run", "java.lang.Thread.run"}
	park := []string{"jdk.internal.misc.Unsafe.park", "java.util.concurrent.locks.LockSupport.park"}
	selects := []string{"sun.nio.ch.EPoll.wait", "sun.nio.ch.EPollSelectorImpl.doSelect", "sun.nio.ch.SelectorImpl.select"}
	join := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for sentence, row := range map[string]struct {
		thread thread
		frames []string
		idle   bool
		pool   bool
	}{
		"a worker of a pool waits for a task": {frames: join(park,
			[]string{"java.util.concurrent.LinkedBlockingQueue.take",
				"java.util.concurrent.ThreadPoolExecutor.getTask"}, worker), idle: true, pool: true},
		"one of Tomcat's does": {frames: join(park,
			[]string{"org.apache.tomcat.util.threads.TaskQueue.take",
				"org.apache.tomcat.util.threads.ThreadPoolExecutor.getTask",
				"org.apache.tomcat.util.threads.ThreadPoolExecutor.runWorker",
				"org.apache.tomcat.util.threads.ThreadPoolExecutor$Worker.run"}), idle: true, pool: true},
		"it waits for a lock to get a task": {thread: thread{wait: stacks.Wait{On: "lock"}},
			frames: join(park, []string{"java.util.concurrent.ThreadPoolExecutor.getTask"}, worker), pool: true},
		"a task waits for a queue of the application's": {frames: join(park,
			[]string{"java.util.concurrent.LinkedBlockingQueue.take", "shop.Cart.next"}, worker), pool: true},
		"a task that is all a library's selects": {frames: join(selects,
			[]string{"org.apache.http.Client.wait"}, worker), pool: true},
		"a library's own thread selects": {frames: join(selects,
			[]string{"sun.net.httpserver.ServerImpl$Dispatcher.run", "java.lang.Thread.run"}), idle: true},
		"the application selects by itself": {frames: join(selects,
			[]string{"shop.Loop.run", "java.lang.Thread.run"})},
		"a library's own thread waits for something": {frames: []string{"java.lang.Object.wait",
			"org.apache.kafka.Sender.await", "java.lang.Thread.run"}},
		"a library's own thread reads from a socket": {frames: []string{"sun.nio.ch.Net.poll",
			"sun.nio.ch.NioSocketImpl.park", "org.postgresql.core.VisibleBufferedInputStream.readMore",
			"java.lang.Thread.run"}},
		"the application accepts": {frames: []string{"sun.nio.ch.Net.accept",
			"sun.nio.ch.NioSocketImpl.accept", "java.net.ServerSocket.accept", "shop.Main.main"}, idle: true},
		"main waits for the end of a thread": {thread: thread{name: "main"},
			frames: []string{"java.lang.Object.wait", "java.lang.Thread.join", "shop.Main.main"}},
		"the virtual machine's own thread is blocked": {thread: thread{name: "C2 CompilerThread0", state: 10},
			idle: true},
		"the virtual machine's own thread works":       {thread: thread{name: "C2 CompilerThread0", state: 4}},
		"a thread of the application's without frames": {thread: thread{name: "http-1", state: 10}},
		"the virtual machine's own thread, which went on": {thread: thread{name: "Signal Dispatcher", state: 10,
			moved: true}},
		"a worker of a fork-join pool waits for a task": {frames: join(park,
			[]string{"java.util.concurrent.ForkJoinPool.awaitWork", "java.util.concurrent.ForkJoinPool.runWorker",
				"java.util.concurrent.ForkJoinWorkerThread.run"}), idle: true, pool: true},
		"one of Jetty's waits for a job": {frames: join(park,
			[]string{"java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.awaitNanos",
				"org.eclipse.jetty.util.BlockingArrayQueue.poll",
				"org.eclipse.jetty.util.thread.QueuedThreadPool$Runner.idleJobPoll",
				"org.eclipse.jetty.util.thread.QueuedThreadPool$Runner.run", "java.lang.Thread.run"}), idle: true, pool: true},
		"one of Undertow's does": {frames: join(park, []string{"org.jboss.threads.EnhancedQueueExecutor$PoolThreadNode.park",
			"org.jboss.threads.EnhancedQueueExecutor$ThreadBody.run", "org.xnio.XnioWorker$WorkerThreadFactory$1$1.run",
			"java.lang.Thread.run"}), idle: true, pool: true},
		"one of Grizzly's does": {frames: join(park, []string{"java.util.concurrent.LinkedTransferQueue.take",
			"org.glassfish.grizzly.threadpool.FixedThreadPool$BasicWorker.getTask",
			"org.glassfish.grizzly.threadpool.AbstractThreadPool$Worker.doWork",
			"org.glassfish.grizzly.threadpool.AbstractThreadPool$Worker.run", "java.lang.Thread.run"}), idle: true, pool: true},
		"Netty's loop waits in its own epoll": {frames: []string{"io.netty.channel.epoll.Native.epollWait",
			"io.netty.channel.epoll.EpollEventLoop.epollWaitNoTimerChange", "io.netty.channel.epoll.EpollEventLoop.run",
			"io.netty.util.concurrent.SingleThreadEventExecutor$4.run", "io.netty.util.internal.ThreadExecutorMap$2.run",
			"java.lang.Thread.run"}, idle: true, pool: true},
		"a library's timer pauses": {frames: []string{"java.lang.Thread.sleep", "sun.net.www.http.KeepAliveCache.run",
			"java.lang.Thread.run"}, idle: true},
		"a library's timer closes what is due": {frames: []string{"sun.nio.ch.NioSocketImpl.close",
			"sun.net.www.http.KeepAliveCache.run", "java.lang.Thread.run"}},
		"the dispatcher of the JDK's server runs a handler": {frames: join([]string{"java.lang.Thread.sleep", "shop.Cart.pay",
			"sun.net.httpserver.ServerImpl$Exchange.run", "sun.net.httpserver.ServerImpl$DefaultExecutor.execute",
			"sun.net.httpserver.ServerImpl$Dispatcher.handle", "sun.net.httpserver.ServerImpl$Dispatcher.run",
			"java.lang.Thread.run"}), pool: true},
		"one of a pool waits for the end of a child for others": {frames: []string{
			"java.lang.ProcessHandleImpl.waitForProcessExit0", "java.lang.ProcessHandleImpl$1.run",
			"java.util.concurrent.ThreadPoolExecutor.runWorker", "java.util.concurrent.ThreadPoolExecutor$Worker.run",
			"java.lang.Thread.run"}},
		"a task of a fork-join pool waits for something else": {frames: join(park,
			[]string{"shop.Cart.sum", "java.util.concurrent.ForkJoinPool.runWorker",
				"java.util.concurrent.ForkJoinWorkerThread.run"}), pool: true},
	} {
		one := row.thread
		one.frames = library(row.frames...)
		if got := idle(&one, 10); got != row.idle {
			t.Errorf("%s: idle %v", sentence, got)
		}
		if got := pooled(one.frames); got != row.pool {
			t.Errorf("%s: of a pool %v", sentence, got)
		}
	}
}

func TestWhatAThreadOfAPoolIsIn(t *testing.T) {
	jetty := []string{"org.eclipse.jetty.util.thread.QueuedThreadPool$Runner.run", "java.lang.Thread.run"}
	xnio := []string{"org.xnio.nio.QueuedNioTcpServer.handleReady", "org.xnio.nio.WorkerThread.run"}
	for sentence, row := range map[string]struct {
		frames     []string
		lent, turn bool
	}{
		"Jetty's selects": {append([]string{"sun.nio.ch.EPoll.wait",
			"org.eclipse.jetty.io.ManagedSelector$SelectorProducer.select"}, jetty...), true, false},
		"Jetty's serves":                {append([]string{"shop.Cart.pay"}, jetty...), false, false},
		"a loop runs the application":   {append([]string{"shop.Cart.pay"}, xnio...), false, true},
		"a loop runs what is its own":   {xnio, false, false},
		"the application's own thread":  {[]string{"shop.Cart.pay", "java.lang.Thread.run"}, false, false},
		"the JDK's server calls itself": {[]string{"shop.Cart.pay", "sun.net.httpserver.ServerImpl$DefaultExecutor.execute"}, false, true},
	} {
		frames := library(row.frames...)
		if lent(frames) != row.lent || inTurn(frames) != row.turn {
			t.Errorf("%s: lent %v, in a turn %v; want %+v", sentence, lent(frames), inTurn(frames), row)
		}
	}
}

func TestWhatAWaitIsPartOf(t *testing.T) {
	for sentence, row := range map[string]struct {
		frames       []string
		on, name     string
		what, called string
	}{
		"a pool of connections has none": {[]string{"jdk.internal.misc.Unsafe.park",
			"com.zaxxer.hikari.util.ConcurrentBag.borrow", "com.zaxxer.hikari.pool.HikariPool.getConnection",
			"shop.Cart.load"}, "queue", "java.util.concurrent.SynchronousQueue$TransferQueue", "pool", "HikariPool"},
		"a queue is empty": {[]string{"jdk.internal.misc.Unsafe.park",
			"java.util.concurrent.LinkedBlockingQueue.take", "shop.Cart.next"}, "condition", "x", "queue",
			"java.util.concurrent.LinkedBlockingQueue"},
		"a queue is full": {[]string{"jdk.internal.misc.Unsafe.park",
			"java.util.concurrent.LinkedBlockingQueue.put", "shop.Cart.audit"}, "condition", "x", "room",
			"java.util.concurrent.LinkedBlockingQueue"},
		"a condition of the application's": {[]string{"jdk.internal.misc.Unsafe.park", "shop.Cart.next",
			"java.util.concurrent.LinkedBlockingQueue.take"}, "condition", "x", "condition", "x"},
		"a lock that is taken to get from one": {[]string{"jdk.internal.misc.Unsafe.park",
			"java.util.concurrent.LinkedBlockingQueue.take", "shop.Cart.next"}, "lock", "x", "lock", "x"},
		"the others have not come to a barrier": {[]string{"jdk.internal.misc.Unsafe.park",
			"java.util.concurrent.CyclicBarrier.dowait", "shop.Cart.meet"}, "condition", "x", "event", "x"},
	} {
		if on, name := refined(library(row.frames...), row.on, row.name); on != row.what || name != row.called {
			t.Errorf("%s: %s %s, want %s %s", sentence, on, name, row.what, row.called)
		}
	}
}
