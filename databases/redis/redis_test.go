package redis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

// What Redis 7.0 says of a client in BLPOP, of one that rests, and of the one that asks.
const list = "id=4 addr=127.0.0.1:50412 laddr=127.0.0.1:6379 fd=9 name= age=12 idle=12 flags=b db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 cmd=blpop user=default redir=-1 resp=2\n" +
	"id=5 addr=[::1]:50414 laddr=[::1]:6379 fd=10 name= age=3 idle=2 flags=N db=0 cmd=get user=default\n" +
	"id=6 addr=/run/redis.sock:0 fd=11 age=0 idle=0 flags=U cmd=set\n" +
	"id=7 addr=127.0.0.1:50418 fd=12 name=hangtime age=0 idle=0 flags=N cmd=client|list\n"

func TestWhatClientsWaitFor(t *testing.T) {
	want := []history.Session{
		{ID: 4, Client: "127.0.0.1:50412", State: "blocked", For: 12 * time.Second, Connected: 12 * time.Second, Statement: "blpop",
			Waits: "what another client is to send (BLPOP)"},
		{ID: 5, Client: "[::1]:50414", State: "idle", For: 2 * time.Second, Connected: 3 * time.Second, Statement: "get"},
		{ID: 6, State: "idle", Statement: "set"},
	}
	if diff := cmp.Diff(want, sessions(list)); diff != "" {
		t.Error(diff)
	}
}

// TestSinceWhenALockIsTaken: the first token is uuid.uuid1().hex of Python, made at 1 s after 2026-11-29 14:20:00 UTC.
func TestSinceWhenALockIsTaken(t *testing.T) {
	made := time.Date(2026, 11, 29, 14, 20, 1, 0, time.UTC)
	steps := uint64(made.UnixNano()/100) + gregorian
	token := fmt.Sprintf("%08x%04x1%03x8000feedfacecafe", steps&0xffffffff, steps>>32&0xffff, steps>>48&0xfff)
	for _, row := range []struct {
		left  int64
		token string
		want  history.Key
	}{
		{-1, token, history.Key{Name: "k", Age: 9 * time.Second}},
		{2500, token, history.Key{Name: "k", Left: 2500 * time.Millisecond, Age: 9 * time.Second}},
		{-2, "", history.Key{Name: "k", Free: true}},
		{-1, "host:4711", history.Key{Name: "k"}},
		{-1, strings.Repeat("z", 12) + "1" + strings.Repeat("z", 19), history.Key{Name: "k"}},
		{-1, strings.Repeat("0", 12) + "1" + strings.Repeat("0", 19), history.Key{Name: "k"}},
	} {
		if got := key("k", row.left, row.token, made.Add(9*time.Second)); got != row.want {
			t.Errorf("%d, %q: got %+v, want %+v", row.left, row.token, got, row.want)
		}
	}
}

func FuzzWhatClientsWaitFor(f *testing.F) {
	f.Add(list)
	f.Fuzz(func(t *testing.T, text string) {
		if got := sessions(text); len(got) > most || len(got) > strings.Count(text, "\n")+1 {
			t.Errorf("%d of %q", len(got), text)
		}
	})
}

func TestWhatIsNoAddressIsSaidWithoutIt(t *testing.T) {
	for _, url := range []string{"http://:s3cret@h/", "redis://:s3cret@h:99999/", "redis://:s3cret@h:0/", "redis://:s3cret@[/"} {
		_, err := Open(url)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
