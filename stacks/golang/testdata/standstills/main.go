// Command standstills blocks goroutines in each way that the reader tells apart, prints the addresses of its servers, and ends when its standard input does. Each line that
// one is to be found at is marked.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	mutex     sync.Mutex
	rwmutex   sync.RWMutex
	group     sync.WaitGroup
	forever   = make(chan int)
	condition = sync.NewCond(&sync.Mutex{})
	silent    net.Listener
	upstream  net.Conn
	sink      int
	turned    int
)

func main() {
	mutex.Lock()
	rwmutex.RLock()
	group.Add(1)
	for _, block := range []func(){
		onMutex, onInlined, onRWMutexWrite, onWaitGroup, onCondition, onReceive, onSend, onNilChannel, onSelect, onNoCases, onSleep, onTimer,
		onSocket, onUpstream, onPipe, onChild, onSystemCall, onPool, onDeepStack, inGeneric[string], spins, turns, onSignal,
	} {
		go block()
	}
	if len(os.Args) > 1 {
		many(os.Args[1])
	}
	serve()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func onMutex() {
	mutex.Lock() // at: main.onMutex
}

func onInlined() {
	small(3)
}

func small(n int) {
	if n > 2 {
		mutex.Lock() // at: main.small
	}
}

func onRWMutexWrite() {
	go func() {
		for rwmutex.TryRLock() { // until the writer is there
			rwmutex.RUnlock()
			runtime.Gosched()
		}
		rwmutex.RLock() // at: main.onRWMutexWrite.func1
	}()
	rwmutex.Lock() // at: main.onRWMutexWrite
}

func onWaitGroup() {
	group.Wait() // at: main.onWaitGroup
}

func onCondition() {
	condition.L.Lock()
	condition.Wait() // at: main.onCondition
}

func onReceive() {
	<-forever // at: main.onReceive
}

func onSend() {
	make(chan int) <- 1 // at: main.onSend
}

func onNilChannel() {
	var none chan int
	<-none // at: main.onNilChannel
}

func onSelect() {
	select { // at: main.onSelect
	case <-forever:
	case <-context.Background().Done():
	}
}

func onNoCases() {
	select {} // at: main.onNoCases
}

func onSleep() {
	time.Sleep(time.Hour) // at: main.onSleep
}

func onTimer() {
	<-time.After(time.Hour) // at: main.onTimer
}

func onSocket() {
	var err error
	silent, err = net.Listen("tcp", "127.0.0.1:0") // which the collector must not close
	fatal(err)
	conn, err := net.Dial("tcp", silent.Addr().String())
	fatal(err)
	_, err = conn.Read(make([]byte, 1)) // at: main.onSocket
	fatal(err)
}

func onUpstream() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	go func() {
		conn, err := listener.Accept()
		fatal(err)
		upstream = conn
	}()
	_, _ = http.Get("http://" + listener.Addr().String()) // at: main.onUpstream
}

func onPipe() {
	read, write, err := os.Pipe()
	fatal(err)
	_, _ = read.Read(make([]byte, 1)) // at: main.onPipe
	_ = write.Close()
}

func onChild() {
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	fatal(err)
	fatal(child.Start())
	_ = child.Wait() // at: main.onChild
	_ = in.Close()
}

func onSystemCall() {
	var pipe [2]int
	fatal(syscall.Pipe2(pipe[:], syscall.O_CLOEXEC))
	_, _ = syscall.Read(pipe[0], make([]byte, 1)) // at: main.onSystemCall
}

func onSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2)
	<-signals // at: main.onSignal
}

func onPool() {
	db := sql.OpenDB(connector{})
	db.SetMaxOpenConns(1)
	_, err := db.Conn(context.Background())
	fatal(err)
	_, _ = db.Conn(context.Background()) // at: main.onPool
}

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return conn{}, nil }
func (connector) Driver() driver.Driver                        { return nil }

type conn struct{ driver.Conn }

func onDeepStack() { deep(200) }

func deep(n int) {
	if n > 0 {
		deep(n - 1)
	} else {
		<-forever // at: main.deep
	}
	sink += n
}

func inGeneric[T any]() {
	var values []T
	each(values, func() {
		<-forever // at: main.inGeneric[...].func1
	})
}

func each[T any](_ []T, do func()) { do() }

// many starts so many goroutines more and waits until the last is about to wait.
func many(number string) {
	n, err := strconv.Atoi(number)
	fatal(err)
	var begun sync.WaitGroup
	for i := 0; i < n; i++ {
		begun.Add(1)
		if i%2 == 0 {
			go descend(10, func() { begun.Done(); mutex.Lock() })
		} else {
			go descend(10, func() { begun.Done(); <-forever })
		}
	}
	begun.Wait()
}

func descend(n int, end func()) {
	if n == 0 {
		end()
	} else {
		descend(n-1, end)
	}
	sink += n
}

//go:noinline
func spins() {
	for {
		sink += work(sink)
	}
}

// turns calls nothing.
func turns() {
	for n := 0; ; n++ {
		turned = n
	}
}

//go:noinline
func work(n int) int {
	for i := 0; i < 1000; i++ {
		n = n*31 + i
	}
	return n
}

// serve starts an HTTP server of which one request is stuck and one connection waits for its next.
func serve() {
	http.HandleFunc("/stuck", func(http.ResponseWriter, *http.Request) {
		mutex.Lock() // at: main.serve.func1
	})
	http.HandleFunc("/busy", func(http.ResponseWriter, *http.Request) { spins() })
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	go func() { fatal(http.Serve(listener, nil)) }()
	address := listener.Addr().String()
	fmt.Println(talk(address, "POST /stuck?order=7 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), talk(address, "GET /busy HTTP/1.1\r\nHost: a\r\n\r\n"),
		talk(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
}

// talk sends a request and gives the port that it comes from.
func talk(address, request string) string {
	client, err := net.Dial("tcp", address)
	fatal(err)
	_, err = client.Write([]byte(request))
	fatal(err)
	if strings.HasPrefix(request, "GET / ") {
		_, err = client.Read(make([]byte, 4096))
		fatal(err)
	}
	open = append(open, client)
	_, port, err := net.SplitHostPort(client.LocalAddr().String())
	fatal(err)
	return port
}

var open []net.Conn

func fatal(err error) {
	if err != nil {
		panic(err)
	}
}
