//go:build realservers

package realservers

import (
	"strconv"
	"strings"
	"time"
)

var (
	inDatabase = []string{"database-lock"}
	// leftOpen is a transaction whose worker works at nothing, or at the very request that waits: which worker gets that the
	// kernel decides.
	leftOpen = `which has no request inside: it has left its transaction open|it is another connection of this very process`
	// endsSession is what is advised: hangtime ends no session itself.
	endsSession = `remedy: +end session \d+ of PostgreSQL at 127\.0\.0\.1:${PGPORT} \(select pg_terminate_backend\(\d+\)\)`
)

// asksPostgres has hangtime ask the database of the case.
func asksPostgres(s *stage) {
	s.databases = []string{"--postgres", "postgres://shop@127.0.0.1:" + s.value("PGPORT") + "/" + s.value("PGDATABASE")}
}

// lockedByHand is a row of the case's own database that somebody has changed in a transaction, and forgotten.
func lockedByHand(s *stage) {
	s.clerk(sharedDatabase.database, "\\c "+s.value("PGDATABASE")+"\nbegin;\nupdate account set balance = 0 where id = 1;\n")
}

// asksRedis has hangtime ask the Redis of the case.
func asksRedis(s *stage) {
	s.databases = []string{"--redis", "redis://127.0.0.1:" + s.value("REDIS") + "/"}
}

// ownBank is a database of the case alone, which hangtime may ask.
func ownBank(s *stage) {
	s.t.Helper()
	s.account()
	name := "bank" + s.value("ACCOUNT")
	s.set("PGDATABASE", name)
	s.psql("postgres", "create database "+name)
	s.psql(name, "create table account as select id, 100 as balance from generate_series(1, 9) id")
	asksPostgres(s)
}

// forgets has a worker forget to end its transaction, and waits until it has.
func forgets(s *stage) {
	s.send("/forget", 1)
	s.until("a session rests in its transaction", func() bool {
		return strings.Contains(s.psql(s.value("PGDATABASE"), "select count(*) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()"), "1\n")
	})
}

// psql does a statement in a database, and returns what that prints.
func (s *stage) psql(name, statement string) string {
	s.t.Helper()
	args := append([]string{"psql"}, sharedDatabase.psql()...)
	args[len(args)-1] = name
	out, wrong, code := s.run(append(args, "-c", statement)...)
	if code != 0 {
		s.t.Fatalf("%s: %s%s", statement, out, wrong)
	}
	return out
}

// mariadbBehind is a MariaDB that the server of the case asks, and hangtime may.
func mariadbBehind(s *stage) {
	s.t.Helper()
	s.set("MARIADB", strconv.Itoa(freePort(s.t)))
	s.mariadb(func(args ...string) { s.start(args...) })
	s.databases = []string{"--mysql", "root@tcp(127.0.0.1:" + s.value("MARIADB") + ")/"}
}

// sessionCases are hangs that go on in a database, which may be asked: who has the row is named, with its worker and line
// where it is one of the server's own.
func sessionCases() []realCase {
	rows := func(workers int) func(*stage) {
		return with(ownBank, gunicorn("rows", "-w", strconv.Itoa(workers)))
	}
	then := func(first, second func(*stage)) func(*stage) {
		return with(first, func(s *stage) { s.wait(500 * time.Millisecond) }, second)
	}
	return []realCase{
		{
			name: "two workers wait for a row that a third has locked and sleeps", worlds: both,
			serve: rows(4), hang: then(sticks("/report", 1), sticks("/pay", 2)), after: hungLong,
			want: want{state: "hung", says: []string{`${rows.py#take}`,
				`a row of account ← session \d+, idle in transaction|waits [\d.]+ s for a row of account`,
				`its client is pid \d+, worker \d of this server, which is in report \(.*${rows.py#report}\) \(GET /report\)`, endsSession}},
		},
		{
			name: "a worker waits for a row that another has left locked", worlds: both,
			serve: rows(3), hang: then(func(s *stage) { s.send("/forget", 1) }, sticks("/pay", 1)), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: inDatabase, at: "rows.py#take", says: []string{
				leftOpen, `last did "update account set balance = balance - \? where id = \?"`,
				endsSession}},
		},
		{
			name: "a worker waits for a row that somebody else has locked", worlds: both,
			serve: with(bankAccount, forgetful, func(s *stage) { s.set("PGDATABASE", "postgres") }, asksPostgres, gunicorn("transfers", "-w", "3")), hang: sticks("/withdraw", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: inDatabase, at: "transfers.py#withdraw", says: []string{
				`for a row of account; session \d+ holds it`, `idle in transaction`, `its client is pid \d+ \(.*psql`, endsSession}},
		},
		{
			name: "a worker waits for a row that its other connection has locked", worlds: both,
			serve: rows(2), hang: sticks("/twice", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: inDatabase, at: "rows.py#take", cycle: true, says: []string{
				`another connection of this very process`, `for a row of account`}},
		},
		{
			name: "two workers wait for each other through two rows", worlds: both,
			serve: rows(3), hang: with(sticks("/swap", 1), sticks("/back", 1)), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: inDatabase, at: "rows.py#take", cycle: true, says: []string{`for a row of account`}},
		},
		{
			name: "uvicorn: coroutines wait for a row that somebody else has locked", worlds: today,
			serve: with(ownBank, lockedByHand, uvicorn("rows_async")), hang: sticks("/pay", 2), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: inDatabase, at: "rows_async.py#pay", says: []string{
				`for a row of account; session \d+ holds it`, `its client is pid \d+ \(.*psql`, endsSession}},
		},
		{
			name: "a worker waits for an advisory lock", worlds: both,
			serve: with(ownBank, func(s *stage) {
				s.clerk(sharedDatabase.database, "\\c "+s.value("PGDATABASE")+"\nselect pg_advisory_lock(4711);\n")
			}, gunicorn("rows", "-w", "2")),
			hang: sticks("/key", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: inDatabase, at: "rows.py#key", says: []string{`advisory lock 4711`,
				`its client is pid \d+ \(.*psql`}},
		},
		{
			name: "an ALTER TABLE waits for a forgotten transaction, and others for it", worlds: today,
			serve: rows(4), hang: with(forgets, then(sticks("/table", 1), sticks("/pay", 1))), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: inDatabase, says: []string{`the table account`,
				`last did "update account set balance = balance - \? where id = \?"`, endsSession}},
		},
		{
			name: "a pool of SQLAlchemy is empty, and its connections do nothing", worlds: both,
			serve: with(ownBank, func(s *stage) {
				s.set("DRIVER", map[string]string{debian.name: "postgresql", pypi.name: "postgresql+psycopg"}[s.world.name])
			}, gunicorn("stock_orm", "-k", "gthread", "--threads", "4", "-w", "1")),
			hang: with(func(s *stage) { s.send("/leak", 2) }, sticks("/stock", 1)), after: hungLong,
			want: want{state: "hung", hung: 1, at: "stock_orm.py#stock", says: []string{
				`of its 2 sessions in PostgreSQL at 127\.0\.0\.1:${PGPORT} 2 do nothing, the oldest [\d.]+ s since it did "select balance from account where id = \?"`}},
		},
		{
			name: "MariaDB: a worker waits for a row that another has locked and sleeps", worlds: olden,
			serve: with(mariadbBehind, gunicorn("shop_mariadb", "-w", "4")), hang: then(sticks("/report", 1), sticks("/pay", 1)), after: hungLong,
			want: want{state: "hung", says: []string{`${shop_mariadb.py#take}`, `for a row of shop\.account; session \d+ holds it`,
				`which is in report \(.*${shop_mariadb.py#report}\) \(GET /report\)`, `remedy: +end session \d+ of MariaDB at .* \(kill \d+\)`}},
		},
		{
			name: "Redis: a worker waits for what nobody sends", worlds: both,
			serve: with(redisServer, asksRedis, gunicorn("mail", "-w", "2")),
			hang:  sticks("/next", 1), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: anAnswer, at: "mail.py#next", says: []string{
				`Redis at 127\.0\.0\.1:${REDIS} says that it waits [\d.]+ s for what another client is to send \(BLPOP\)`}},
		},
		{
			name: "Redis: a worker waits for a lock whose holder has died", worlds: both,
			serve: with(redisServer, asksRedis, gunicorn("locked", "-w", "2")),
			hang:  then(func(s *stage) { s.send("/die", 1) }, sticks("/take", 1)), after: hungLong,
			want: want{state: "hung", hung: 1, kinds: inDatabase, at: "locked.py#take", says: []string{
				`has the key "stock", which was set [\d.]+ s ago and never expires; no client of today was connected when it was set`,
				`remedy: +delete the key "stock" in Redis at 127\.0\.0\.1:${REDIS}`}},
		},
		{
			name: "Redis: a worker waits for a lock whose holder works", worlds: both,
			serve: with(redisServer, asksRedis, gunicorn("locked", "-w", "3")),
			hang:  then(sticks("/work", 1), sticks("/take", 1)), after: hungLong,
			want: want{state: "hung", says: []string{`${locked.py#take}`, `has the key "stock", which was set [\d.]+ s ago and never expires`},
				silent: []string{`whoever has the lock is gone`}},
		},
		{
			name: "healthy: workers whose database may be asked", worlds: today,
			serve: rows(2), hang: func(s *stage) { s.send("/pay", 20) }, after: 4 * time.Second,
		},
	}
}
