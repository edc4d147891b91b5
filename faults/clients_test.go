package faults

import (
	"net"
	"testing"
)

// What the server closed is open no more: without that its next connection would be counted on top.
func TestAConnectionThatTheServerClosesIsToldTwice(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := l.Accept(); err == nil {
			_ = conn.Close()
		}
	}()
	open := 0
	c := clientsHarm{address: l.Addr().String(), count: 1}
	one := func() {
		c.one(t.Context(), make(chan struct{}, 1), func(err error) {
			if err == nil {
				open++
			}
		}, func() { open-- })
	}
	one()
	<-done
	if open != 0 {
		t.Errorf("%d connections are said to be open, want 0", open)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	one() // refused
	if open != 0 {
		t.Errorf("%d connections are said to be open after one was refused, want 0", open)
	}
}
