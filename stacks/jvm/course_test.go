package jvm

import "testing"

func TestCourse(t *testing.T) {
	for sentence, row := range map[string]struct {
		frames []string
		own    bool
	}{
		"the main method reads": {[]string{"sun.nio.ch.NioSocketImpl.read", "java.net.Socket.getInputStream",
			"shop.Main.main"}, true},
		"a thread of the application's": {[]string{"shop.Feed.run", "java.lang.Thread.run"}, true},
		"a collection calls back": {[]string{"java.lang.Thread.sleep", "shop.Main.pause", "java.util.ArrayList.forEach",
			"shop.Main.main"}, true},
		"a program that Spring Boot runs": {[]string{"shop.Import.run", "org.springframework.boot.SpringApplication.callRunner",
			"org.springframework.boot.SpringApplication.run", "shop.Main.main", "java.lang.reflect.Method.invoke",
			"org.springframework.boot.loader.launch.Launcher.launch"}, true},
		"a task of a pool": {[]string{"shop.Cart.pay", "java.util.concurrent.FutureTask.run",
			"java.util.concurrent.ThreadPoolExecutor.runWorker", "java.lang.Thread.run"}, false},
		"a task of a timer":     {[]string{"shop.Cart.tidy", "java.util.TimerThread.mainLoop", "java.util.TimerThread.run"}, false},
		"a handler":             {[]string{"shop.Cart.pay", "org.apache.catalina.core.ApplicationFilterChain.doFilter"}, false},
		"a library's own loop":  {[]string{"sun.nio.ch.EPoll.wait", "io.netty.channel.nio.NioEventLoop.run"}, false},
		"one that runs no Java": {nil, false},
	} {
		if got := course(library(row.frames...)); got != row.own {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}
