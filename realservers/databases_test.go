//go:build realservers

package realservers

import (
	"os"
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
			want: want{state: "hung", hung: 3, says: []string{`idle in transaction|UPDATE waiting`},
				silent: []string{`^healthy`}},
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
