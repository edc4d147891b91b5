package databases

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/databases/mysql"
	"github.com/hangtime-dev/hangtime/databases/postgres"
	"github.com/hangtime-dev/hangtime/databases/redis"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/input"
)

// A Database can be asked about its sessions, by one goroutine at a time.
type Database interface {
	// Name is which one it is, without what is secret: "PostgreSQL at 127.0.0.1:5432".
	Name() string
	// System is what it is: "PostgreSQL", "MySQL", "MariaDB" or "Redis".
	System() string
	// Port is where it listens; of a unix socket the one in its name.
	Port() uint16
	// Sessions are those that there are now, with whom each of them waits for. The processes at their other ends are
	// not known to a database. ctx bounds how long it may take.
	Sessions(ctx context.Context) ([]history.Session, error)
	Close() // the connection; who asks again opens another
}

// Where says how each kind of database is reached; empty: it is not asked. It may hold a password, so that "@FILE" names a
// file that has it on its first line.
type Where struct{ Postgres, MySQL, Redis string }

// OrFrom is what is not said taken from the environment: HANGTIME_POSTGRES, HANGTIME_MYSQL, HANGTIME_REDIS.
func (w Where) OrFrom(environment func(string) string) Where {
	return Where{
		Postgres: cmp.Or(w.Postgres, environment("HANGTIME_POSTGRES")),
		MySQL:    cmp.Or(w.MySQL, environment("HANGTIME_MYSQL")),
		Redis:    cmp.Or(w.Redis, environment("HANGTIME_REDIS")),
	}
}

// Open prepares to ask; it connects when it is first asked. Errors name the kind of database, and nothing of what was given.
func Open(w Where) ([]Database, error) {
	var all []Database
	for _, one := range []struct {
		kind, where string
		open        func(string) (Database, error)
	}{
		{"postgres", w.Postgres, func(at string) (Database, error) { return postgres.Open(at) }},
		{"mysql", w.MySQL, func(at string) (Database, error) { return mysql.Open(at) }},
		{"redis", w.Redis, func(at string) (Database, error) { return redis.Open(at) }},
	} {
		if one.where == "" {
			continue
		}
		at, err := address(one.where)
		if err == nil {
			var opened Database
			if opened, err = one.open(at); err == nil {
				all = append(all, opened)
				continue
			}
		}
		Close(all)
		return nil, fmt.Errorf("--%s (or HANGTIME_%s): %w", one.kind, strings.ToUpper(one.kind), err)
	}
	return all, nil
}

// Close closes all.
func Close(all []Database) {
	for _, one := range all {
		one.Close()
	}
}

// longest is how many bytes a file may have that holds an address.
const longest = 4096

// address is what was given, or the first line of the file that it names.
func address(given string) (string, error) {
	file, is := strings.CutPrefix(given, "@")
	if !is {
		return given, nil
	}
	text, err := input.ReadFile(file, longest)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("%s: its first line is empty; want the address there", file)
	}
	return line, nil
}
