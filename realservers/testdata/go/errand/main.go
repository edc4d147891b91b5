// Errand is a Go program that listens nowhere and does what it is told to. The comment hang: NAME is where it stands.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

var shelf, till sync.Mutex

// circle has two goroutines take two locks in two orders.
func circle() {
	var both, ended sync.WaitGroup
	take := func(first, second *sync.Mutex) {
		first.Lock()
		both.Done()
		both.Wait()
		second.Lock() // hang: circle
		ended.Done()
	}
	both.Add(2)
	ended.Add(2)
	go take(&shelf, &till)
	go take(&till, &shelf)
	ended.Wait()
}

func ask() {
	_, err := http.Get("http://127.0.0.1:" + os.Getenv("UPSTREAM")) // hang: ask
	fmt.Println(err)
}

func sleep() {
	for {
		time.Sleep(500 * time.Millisecond) // hang: sleep
	}
}

func tick() {
	for range time.Tick(500 * time.Millisecond) { // hang: tick
	}
}

func signals() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told // hang: signals
}

func consume() {
	jobs, over := make(chan int), make(chan bool)
	go func() {
		select { // hang: consume
		case <-jobs:
		case <-over:
		}
	}()
	<-over
}

func count() {
	for n := 0; ; n++ {
		_ = fmt.Sprint(n)
	}
}

func main() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // else Go itself ends a program of which every goroutine waits
	fmt.Println("ready")
	map[string]func(){"circle": circle, "ask": ask, "sleep": sleep, "tick": tick, "signals": signals, "consume": consume,
		"count": count}[os.Args[1]]()
}
