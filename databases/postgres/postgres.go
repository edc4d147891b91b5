// Package postgres asks PostgreSQL which of its sessions wait for which.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words/statement"
)

// A Database is one server of PostgreSQL (10 and later).
type Database struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn // nil: not connected
}

// Open reads where it is: postgres://USER@HOST:PORT/DATABASE or words such as host=/run/postgresql. What it does not
// say is as libpq has it: PGHOST and its like, and the password in ~/.pgpass.
func Open(dsn string) (*Database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // its text may have the password
		return nil, errors.New("it is no address of PostgreSQL; want postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	config.RuntimeParams["application_name"] = "hangtime"
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // passes through a pooler such as PgBouncer
	return &Database{config: config}, nil
}

// Name is which one it is.
func (d *Database) Name() string {
	return d.System() + " at " + net.JoinHostPort(d.config.Host, strconv.Itoa(int(d.config.Port)))
}

// System is what it is.
func (d *Database) System() string { return "PostgreSQL" }

// Port is where it listens.
func (d *Database) Port() uint16 { return d.config.Port }

// Close ends the connection.
func (d *Database) Close() {
	if d.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = d.conn.Close(ctx)
		d.conn = nil
	}
}

// question asks for the sessions of clients, and for the lock that each one waits for: at most 1,000, of which those
// that wait come first, then those whose transaction is open longest. pg_blocking_pids is asked of these
// alone, because it takes the lock table for itself for a moment
// (https://www.postgresql.org/docs/current/functions-info.html).
const question = `
with locks as materialized (
  select l.pid, l.locktype, l.mode, l.granted, l.classid, l.objid, l.objsubid, c.relname
  from pg_catalog.pg_locks l left join pg_catalog.pg_class c
    on c.oid = l.relation and l.database in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
  where not l.granted or l.locktype = 'tuple')
select a.pid, coalesce(host(a.client_addr), ''), coalesce(a.client_port, -1), coalesce(a.state, ''),
  coalesce(extract(epoch from clock_timestamp() - a.state_change), 0)::float8,
  coalesce(extract(epoch from clock_timestamp() - a.xact_start), 0)::float8,
  left(coalesce(a.query, ''), 4000),
  coalesce(w.locktype, ''), coalesce(w.mode, ''), coalesce(w.classid, 0)::int8, coalesce(w.objid, 0)::int8,
  coalesce(w.objsubid, 0)::int4,
  coalesce(w.relname, (select max(t.relname) from locks t where t.pid = a.pid and t.locktype = 'tuple'), ''),
  case when w.pid is null then '{}'::int[] else pg_catalog.pg_blocking_pids(a.pid) end
from pg_catalog.pg_stat_activity a left join locks w on w.pid = a.pid and not w.granted
where a.pid <> pg_catalog.pg_backend_pid() and a.backend_type = 'client backend'
order by w.pid is null, a.xact_start nulls last limit 1000`

// Sessions are those of clients.
func (d *Database) Sessions(ctx context.Context) ([]history.Session, error) {
	if d.conn == nil {
		conn, err := pgx.ConnectConfig(ctx, d.config)
		if err != nil {
			return nil, reason("connect", err)
		}
		d.conn = conn
	}
	all, err := d.ask(ctx)
	if err != nil {
		d.Close()
		return nil, reason("ask", err)
	}
	return all, nil
}

func (d *Database) ask(ctx context.Context) ([]history.Session, error) {
	rows, err := d.conn.Query(ctx, question)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (history.Session, error) {
		var (
			s             history.Session
			pid, port     int32
			host, query   string
			since, opened float64
			l             lock
			blockers      []int32
		)
		err := row.Scan(&pid, &host, &port, &s.State, &since, &opened, &query, &l.kind, &l.mode, &l.class, &l.object,
			&l.part, &l.relation, &blockers)
		if err != nil {
			return s, err
		}
		s.ID, s.Statement = uint64(pid), statement.Shape(query)
		s.For, s.Open = seconds(since), seconds(opened)
		if at, err := netip.ParseAddr(host); err == nil && port > 0 {
			s.Client = netip.AddrPortFrom(at.Unmap(), uint16(port)).String()
		} else {
			s.Process = int(pid) // of a unix socket the kernel knows the process at its other end
		}
		if s.State == "" {
			s.State = "not shown to this user"
		}
		if l.kind != "" {
			s.Waits = l.words()
		}
		for _, one := range blockers {
			s.Blockers = append(s.Blockers, uint64(max(one, 0))) // 0: a prepared transaction
		}
		return s, nil
	})
}

// A lock is what a session waits for, as pg_locks has it.
type lock struct {
	kind, mode, relation string
	class, object        int64
	part                 int32
}

// words say what it is, as people who write SQL call it
// (https://www.postgresql.org/docs/current/view-pg-locks.html).
func (l lock) words() string {
	switch l.kind {
	case "transactionid", "tuple":
		if l.relation != "" {
			return "a row of " + l.relation
		}
		return "a row"
	case "relation":
		if l.relation != "" {
			return "the table " + l.relation
		}
		return "a table"
	case "advisory":
		if l.part == 1 {
			return fmt.Sprintf("advisory lock %d", l.class<<32|l.object)
		}
		return fmt.Sprintf("advisory lock (%d, %d)", l.class, l.object)
	}
	return "a lock (" + l.kind + ")"
}

func seconds(s float64) time.Duration { return max(time.Duration(s*float64(time.Second)), 0) }

// reason is why it could not be asked, in the server's own words where it has answered.
func reason(what string, err error) error {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return fmt.Errorf("%s: %s", what, answer.Message)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: it does not answer", what)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("%s: %w", what, op.Err)
	}
	return fmt.Errorf("%s: no answer that is one of PostgreSQL", what)
}
