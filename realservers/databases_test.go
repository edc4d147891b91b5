//go:build realservers

package realservers

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// databaseCases: a row that somebody has locked, seen from the server that asks for it and from the database.
func databaseCases() []realCase {
	return []realCase{
		{
			name: "two workers wait for a row that a forgotten transaction has locked", worlds: both,
			serve: with(bankAccount, forgetful, gunicorn("transfers", "-w", "3")),
			hang:  sticks("/withdraw", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: anAnswer, at: "transfers.py#withdraw",
				says: []string{`SELECT waiting`}},
		},
		{
			name: "gevent: the loop waits for a row that a forgotten transaction has locked", worlds: olden,
			serve: with(bankAccount, forgetful, gunicorn("transfers", "-k", "gevent", "-w", "2")),
			hang: with(sticks("/withdraw", 1), func(s *stage) {
				s.wait(300 * time.Millisecond)
				s.send("/ok", 6)
			}), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "transfers.py#withdraw",
				says: []string{`SELECT waiting`}},
		},
		{
			name:  "PostgreSQL: three sessions wait for a row that a fourth has locked",
			serve: ownDatabase,
			hang: func(s *stage) {
				s.begins()
				for range 3 {
					s.start("psql", "-X", "-q", "-h", "127.0.0.1", "-p", s.value("PGPORT"), "-U", "shop", "-d",
						"postgres", "-c", "update account set balance = 0 where id = 1")
				}
				s.begins()
			}, after: hungLong,
			want: want{state: "hung", hung: 3, says: []string{`idle in transaction|UPDATE waiting`,
				`update account set balance = \? where id = \?, [\d.]+ s`, `Lock:transactionid|Lock:tuple`},
				silent: []string{`^healthy`, `balance = 0`}},
		},
		{
			name:  "PostgreSQL: two sessions wait for an advisory lock that an idle one has",
			serve: func(s *stage) { s.clerk(s.database(), "select pg_advisory_lock(7);\n") },
			hang: func(s *stage) {
				s.begins()
				for range 2 {
					s.start("psql", "-X", "-q", "-h", "127.0.0.1", "-p", s.value("PGPORT"), "-U", "shop", "-d",
						"postgres", "-c", "select pg_advisory_lock(7)")
				}
				s.begins()
			}, after: hungLong,
			want: want{state: "hung", hung: 2, kinds: aLock, says: []string{`waits for a lock .*SELECT waiting`,
				`select pg_advisory_lock\(\?\), [\d.]+ s`},
				silent: []string{`^healthy`, `\(guess\)`, `in epoll_wait and`}},
		},
		{
			name:  "MariaDB: sessions wait for a table that one alters, and that one for a forgotten transaction",
			serve: mariadb, hang: func(s *stage) {
				s.types("begin; select count(*) from account;")
				s.begun()
				s.begins()
				s.asks("alter table account add owner int")
				s.wait(300 * time.Millisecond)
				for range 3 {
					s.asks("select count(*) from account")
				}
				s.begins()
			}, after: hungLong,
			want: want{state: "hung", hung: 1, silent: []string{`^healthy`, `^unknown`}},
		},
		{
			name:  "MariaDB: one alters a table, and waits for a forgotten transaction",
			serve: mariadb, hang: func(s *stage) {
				s.types("begin; select count(*) from account;")
				s.begun()
				s.begins()
				s.asks("alter table account add owner int")
				s.begins()
			}, after: hungLong,
			want: want{state: "hung", hung: 1, silent: []string{`^healthy`, `^unknown`}},
		},
		{
			name:  "MariaDB: sessions wait for a row that a forgotten transaction has locked",
			serve: mariadb, hang: func(s *stage) {
				s.types("begin; update account set balance = 1 where id = 1;")
				s.begins()
				for range 2 {
					s.asks("update account set balance = 0 where id = 1")
				}
				s.begins()
			}, after: hungLong,
			want: want{state: "hung", hung: 1, silent: []string{`^healthy`, `^unknown`}},
		},
		{name: "healthy: MariaDB without a session", serve: mariadb, after: 4 * time.Second},
		{
			name:  "healthy: MariaDB with a forgotten transaction for which nobody waits",
			serve: mariadb, hang: func(s *stage) { s.types("begin; update account set balance = 1 where id = 1;") },
			after: hungLong,
		},
		{name: "healthy: PostgreSQL with sessions that do nothing", serve: idleDatabase, after: 4 * time.Second},
	}
}

// ownDatabase is a PostgreSQL that is the server of the case, with a forgotten transaction.
func ownDatabase(s *stage) {
	s.t.Helper()
	s.forgetsIn(s.database(), "1")
}

// idleDatabase is one with three sessions that have asked and been answered.
func idleDatabase(s *stage) {
	s.t.Helper()
	d := s.database()
	for range 3 {
		s.clerk(d, "select count(*) from account;\n")
	}
}

func (s *stage) database() database {
	s.t.Helper()
	dir := s.dir + "/postgres"
	if err := os.Mkdir(dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	d, err := startDatabase(dir, s.port)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = d.main
	s.t.Cleanup(d.main.end)
	s.set("PGPORT", s.value("PORT"))
	return d
}

// mariadb is a MariaDB that is the server of the case.
func mariadb(s *stage) {
	s.t.Helper()
	s.set("MARIADB", s.value("PORT"))
	s.mariadb(s.serve)
}

// mariadb starts one, with a table of three accounts, at the port MARIADB of the environment.
func (s *stage) mariadb(start func(args ...string)) {
	s.t.Helper()
	data := filepath.Join(s.dir, "mariadb")
	user := "--user=mysql"
	if os.Getuid() != 0 {
		user = "--skip-grant-tables"
	}
	// Several at once would take each other's files away in a common one.
	temporary := "--tmpdir=" + data
	if err := os.MkdirAll(data, 0o777); err != nil {
		s.t.Fatal(err)
	}
	install := exec.CommandContext(s.t.Context(), "mariadb-install-db", "--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db", temporary, user)
	if out, err := install.CombinedOutput(); err != nil {
		s.t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	start("mariadbd", "--no-defaults", "--datadir="+data, "--bind-address=127.0.0.1", "--port="+s.value("MARIADB"),
		"--socket="+data+"/mariadb.sock", user)
	s.until("MariaDB answers", func() bool {
		_, _, code := s.run(s.mariadbClient("-e", "create database shop; use shop; "+
			"create table account (id int primary key, balance int); insert into account values (1, 100), (2, 100), (3, 100)")...)
		return code == 0
	})
}

func (s *stage) mariadbClient(args ...string) []string {
	return append([]string{"mariadb", "--no-defaults", "-h127.0.0.1", "-P" + s.value("MARIADB"), "-uroot"}, args...)
}

// asks has a session of MariaDB do a statement.
func (s *stage) asks(statement string) {
	s.t.Helper()
	s.start(s.mariadbClient("shop", "-e", statement)...)
}

// begun waits until a session of MariaDB is in a transaction.
func (s *stage) begun() {
	s.t.Helper()
	s.until("a transaction has begun", func() bool {
		out, _, _ := s.run(s.mariadbClient("-N", "-e", "select count(*) from information_schema.innodb_trx")...)
		return strings.TrimSpace(out) == "1"
	})
}

// types is somebody who types statements into a session of MariaDB, and then does nothing.
func (s *stage) types(statements string) {
	s.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { write.Close() })
	session := s.startAs(keeperSpec{Args: s.mariadbClient("-n", "shop"), Input: true}, read)
	read.Close()
	if _, err := io.WriteString(write, statements+" select 'done';\n"); err != nil {
		s.t.Fatal(err)
	}
	s.said(session, "done")
}
