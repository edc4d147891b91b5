package mysql

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

func TestWhoKeepsASessionWaiting(t *testing.T) {
	got := sessions([]row{
		{id: 1, host: "127.0.0.1:4001", command: "Sleep", since: 31, opened: 40},
		{id: 2, host: "[::ffff:127.0.0.1]:4002", command: "Query", since: 8, state: "Updating", opened: 8,
			info: "update account set balance = 7", table: "`shop`.`account`", blockers: "1"},
		{id: 3, host: "localhost", command: "Query", since: 9, state: metadata, info: "alter table account add x int"},
		{id: 4, host: "127.0.0.1:4004", command: "Query", since: 5, state: metadata, info: "select 1"},
		{id: 5, host: "127.0.0.1:4005", command: "Query", since: 5, state: "User lock", info: "select get_lock('a', 9)", keeper: 1},
		{id: 6, host: "127.0.0.1:4006", command: "Sleep", since: 5},
	})
	want := []history.Session{
		{ID: 1, Client: "127.0.0.1:4001", State: "idle in transaction", For: 31 * time.Second, Open: 40 * time.Second},
		{ID: 2, Client: "127.0.0.1:4002", State: "query", For: 8 * time.Second, Open: 8 * time.Second,
			Statement: "update account set balance = ?", Waits: "a row of shop.account", Blockers: []uint64{1}},
		{ID: 3, Client: "localhost", State: "query", For: 9 * time.Second, Statement: "alter table account add x int",
			Waits: "a table's definition"}, // two transactions are open: which one it is cannot be known
		{ID: 4, Client: "127.0.0.1:4004", State: "query", For: 5 * time.Second, Statement: "select ?", Waits: "a table's definition",
			Blockers: []uint64{3}},
		{ID: 5, Client: "127.0.0.1:4005", State: "query", For: 5 * time.Second, Statement: "select get_lock(?, ?)",
			Waits: "a lock by its name", Blockers: []uint64{1}},
		{ID: 6, Client: "127.0.0.1:4006", State: "idle", For: 5 * time.Second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAClientsNameBecomesItsAddress(t *testing.T) {
	known := map[string]netip.Addr{"shop.test": netip.MustParseAddr("10.0.0.7"), "gone.test": {}}
	for host, want := range map[string]string{
		"localhost:4001": "127.0.0.1:4001", "localhost": "localhost", "shop.test:4001": "10.0.0.7:4001", "gone.test:1": "gone.test:1",
		"[::1]:4001": "[::1]:4001", "10.0.0.9:4001": "10.0.0.9:4001",
	} {
		if got := byAddress(t.Context(), host, known); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

func TestTheNameOfALock(t *testing.T) {
	for info, want := range map[string]string{
		"select get_lock('stock', 300)":     "stock",
		`SELECT GET_LOCK( "a b", 1)`:        "a b",
		"select get_lock(concat('a'), 300)": "",
		"select get_lock('it\\'s', 300)":    "",
		"select get_lock('open":             "",
		"select 1":                          "",
	} {
		if got := lockName(info); got != want {
			t.Errorf("%q: got %q, want %q", info, got, want)
		}
	}
}

func TestWhatIsNoAddressIsSaidWithoutIt(t *testing.T) {
	for _, dsn := range []string{"root:s3cret@tcp(127.0.0.1:99999)/", "root:s3cret@127.0.0.1", "mysql://root:s3cret@h/", "root:s3cret@tcp(h:0)/"} {
		_, err := Open(dsn)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
	for dsn, name := range map[string]string{
		"root:s3cret@tcp(127.0.0.1:3307)/shop": "MySQL at 127.0.0.1:3307",
		"root@unix(/run/mysqld.sock)/":         "MySQL at /run/mysqld.sock",
		"root@/":                               "MySQL at 127.0.0.1:3306",
	} {
		d, err := Open(dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
		} else if d.Name() != name {
			t.Errorf("%s: %s", dsn, d.Name())
		}
	}
}
