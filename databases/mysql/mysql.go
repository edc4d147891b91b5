// Package mysql asks MariaDB and MySQL which of their sessions wait for which.
package mysql

import (
	"cmp"
	"context"
	"database/sql"
	dbdriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words/statement"
)

// A Database is one server of MariaDB or MySQL.
type Database struct {
	connector dbdriver.Connector
	pool      *sql.DB // nil: not connected
	host      string
	port      uint16
	unix      bool
	kind      string // "MariaDB", "MySQL"; empty: it was not asked yet
}

const want = "it is no address of MySQL or MariaDB; want USER:PASSWORD@tcp(HOST:PORT)/"

// silent is a log to which the driver may tell nothing: hangtime tells errors itself.
type silent struct{}

func (silent) Print(...any) {}

// Open reads where it is, as the Go driver writes it: USER:PASSWORD@tcp(HOST:PORT)/ or USER@unix(/run/mysqld/mysqld.sock)/.
func Open(dsn string) (*Database, error) {
	config, err := driver.ParseDSN(dsn)
	if err != nil { // its text may have the password
		return nil, errors.New(want)
	}
	config.Logger = silent{}
	d := &Database{host: config.Addr, port: 3306, unix: config.Net == "unix"}
	if !d.unix {
		host, port, err := net.SplitHostPort(config.Addr)
		if err != nil {
			return nil, errors.New(want)
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return nil, fmt.Errorf("its port is %.20q; want 1 to 65535", port)
		}
		d.host, d.port = host, uint16(number)
	}
	if d.connector, err = driver.NewConnector(config); err != nil {
		return nil, errors.New(want)
	}
	return d, nil
}

// Name is which one it is.
func (d *Database) Name() string {
	if d.unix {
		return d.System() + " at " + d.host
	}
	return d.System() + " at " + net.JoinHostPort(d.host, strconv.Itoa(int(d.port)))
}

// System is what it is: "MySQL" until it has said that it is MariaDB.
func (d *Database) System() string { return cmp.Or(d.kind, "MySQL") }

// Port is where it listens.
func (d *Database) Port() uint16 { return d.port }

// Close ends the connection.
func (d *Database) Close() {
	if d.pool != nil {
		_ = d.pool.Close()
		d.pool = nil
	}
}

// Of MariaDB the lock waits of InnoDB are in the information schema
// (https://mariadb.com/kb/en/information-schema-innodb_lock_waits-table/), of MySQL 8 and later in the performance schema
// (https://dev.mysql.com/doc/refman/8.4/en/performance-schema-data-lock-waits-table.html).
const (
	ofMariaDB = `
select p.id, coalesce(p.host, ''), p.command, p.time_ms / 1000, coalesce(p.state, ''), left(coalesce(p.info, ''), 4000),
  coalesce(timestampdiff(second, t.trx_started, now()), 0),
  coalesce((select max(l.lock_table) from information_schema.innodb_locks l where l.lock_id = t.trx_requested_lock_id), ''),
  coalesce((select group_concat(distinct b.trx_mysql_thread_id) from information_schema.innodb_lock_waits w
    join information_schema.innodb_trx b on b.trx_id = w.blocking_trx_id where w.requesting_trx_id = t.trx_id), '')
from information_schema.processlist p left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id
where p.id <> connection_id() and p.command <> 'Daemon' order by t.trx_started is null, t.trx_started limit 1000`
	ofMySQL = `
select p.processlist_id, coalesce(p.processlist_host, ''), p.processlist_command, coalesce(p.processlist_time, 0),
  coalesce(p.processlist_state, ''), left(coalesce(p.processlist_info, ''), 4000),
  coalesce(timestampdiff(second, t.trx_started, now()), 0),
  coalesce((select max(concat(l.object_schema, '.', l.object_name)) from performance_schema.data_lock_waits w
    join performance_schema.data_locks l on l.engine_lock_id = w.requesting_engine_lock_id
    where w.requesting_thread_id = p.thread_id), ''),
  coalesce((select group_concat(distinct b.processlist_id) from performance_schema.data_lock_waits w
    join performance_schema.threads b on b.thread_id = w.blocking_thread_id where w.requesting_thread_id = p.thread_id), '')
from performance_schema.threads p left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.processlist_id
where p.processlist_id is not null and p.processlist_id <> connection_id() and p.processlist_command <> 'Daemon'
order by t.trx_started is null, t.trx_started limit 1000`
)

// Sessions are those of clients. MySQL's own list has no port of a client; MariaDB's has.
func (d *Database) Sessions(ctx context.Context) ([]history.Session, error) {
	if d.pool == nil {
		d.pool = sql.OpenDB(d.connector)
		d.pool.SetMaxOpenConns(1)
	}
	if d.kind == "" {
		var version string
		if err := d.pool.QueryRowContext(ctx, "select version()").Scan(&version); err != nil {
			return nil, reason(err)
		}
		d.kind = "MySQL"
		if strings.Contains(version, "MariaDB") {
			d.kind = "MariaDB"
		}
	}
	question := ofMySQL
	if d.kind == "MariaDB" {
		question = ofMariaDB
	}
	rows, err := d.pool.QueryContext(ctx, question)
	if err != nil {
		return nil, reason(err)
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.host, &r.command, &r.since, &r.state, &r.info, &r.opened, &r.table, &r.blockers); err != nil {
			return nil, reason(err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, reason(err)
	}
	for i := range all {
		if all[i].state == "User lock" {
			all[i].keeper = d.keeper(ctx, all[i].info)
		}
	}
	addresses := map[string]netip.Addr{}
	for i := range all {
		all[i].host = byAddress(ctx, all[i].host, addresses)
	}
	return sessions(all), nil
}

// byAddress is NAME:PORT with the name's address: a server that has looked up its clients' names (without
// skip-name-resolve) tells these. What has none stays as it is.
func byAddress(ctx context.Context, host string, known map[string]netip.Addr) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if name == "localhost" {
		return net.JoinHostPort("127.0.0.1", port)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return host
	}
	at, is := known[name]
	if !is {
		if all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name); err == nil && len(all) > 0 {
			at = all[0]
		}
		known[name] = at
	}
	if !at.IsValid() {
		return host
	}
	return net.JoinHostPort(at.Unmap().String(), port)
}

// keeper is who has the lock that a statement waits for by its name; 0: it is not known.
func (d *Database) keeper(ctx context.Context, info string) uint64 {
	name := lockName(info)
	if name == "" {
		return 0
	}
	var id sql.Null[uint64]
	if err := d.pool.QueryRowContext(ctx, "select is_used_lock(?)", name).Scan(&id); err != nil {
		return 0
	}
	return id.V
}

// lockName is the name in get_lock('NAME', …); empty: it is written otherwise.
func lockName(info string) string {
	_, rest, found := strings.Cut(strings.ToLower(info), "get_lock(")
	if !found {
		return ""
	}
	rest = info[len(info)-len(rest):]
	if rest = strings.TrimLeft(rest, " "); rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return ""
	}
	name, _, found := strings.Cut(rest[1:], rest[:1])
	if !found || strings.Contains(name, "\\") {
		return ""
	}
	return name
}

// A row is a session as the server tells it.
type row struct {
	id                         uint64
	host, command, state, info string
	since, opened              float64
	table                      string
	blockers                   string
	keeper                     uint64 // who has the named lock that it waits for; 0: none, or not known
}

// metadata is the state of a session that waits until a table's definition may be used, or changed.
const metadata = "Waiting for table metadata lock"

// sessions reads rows. Who keeps a session from a table's definition no table says by default: the one that waits longest
// does, as the others queue behind it; and it waits itself for a transaction that has used the table, which is known
// where there is but one.
func sessions(rows []row) []history.Session {
	var all []history.Session
	first := -1
	var open []uint64
	for i, r := range rows {
		if r.state == metadata && (first < 0 || r.since > rows[first].since) {
			first = i
		} else if r.opened > 0 && r.state != metadata {
			open = append(open, r.id)
		}
	}
	for i, r := range rows {
		s := history.Session{ID: r.id, State: strings.ToLower(r.command), For: seconds(r.since), Open: seconds(r.opened),
			Statement: statement.Shape(r.info)}
		if at, err := netip.ParseAddrPort(r.host); err == nil {
			s.Client = netip.AddrPortFrom(at.Addr().Unmap(), at.Port()).String()
		} else {
			s.Client = r.host // a name, or that of the socket: whose it is cannot be known
		}
		if r.command == "Sleep" {
			s.State = "idle"
			if r.opened > 0 {
				s.State = "idle in transaction"
			}
		}
		switch {
		case r.blockers != "":
			s.Waits = "a row"
			if r.table != "" {
				s.Waits = "a row of " + strings.ReplaceAll(r.table, "`", "")
			}
			for one := range strings.SplitSeq(r.blockers, ",") {
				if id, err := strconv.ParseUint(one, 10, 64); err == nil {
					s.Blockers = append(s.Blockers, id)
				}
			}
		case r.state == metadata:
			s.Waits = "a table's definition"
			if i != first {
				s.Blockers = []uint64{rows[first].id}
			} else if len(open) == 1 {
				s.Blockers = open
			}
		case r.state == "User lock":
			s.Waits = "a lock by its name"
			if r.keeper != 0 {
				s.Blockers = []uint64{r.keeper}
			}
		}
		all = append(all, s)
	}
	return all
}

func seconds(s float64) time.Duration { return max(time.Duration(s*float64(time.Second)), 0) }

// reason is why it could not be asked, in the server's own words where it has answered.
func reason(err error) error {
	var answer *driver.MySQLError
	if errors.As(err, &answer) {
		return errors.New(answer.Message)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("it does not answer")
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return errors.New("no answer that is one of MySQL")
}
