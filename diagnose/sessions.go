package diagnose

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// sessionsKept is for how long what a database has said is still so: it is asked once a second while somebody is suspect,
// and may take two seconds to answer.
const sessionsKept = 4 * time.Second

// A databaseSaid is what one database has said last.
type databaseSaid struct {
	history.Sessions
	at time.Duration
}

// hears takes what a database says.
func (sv *server) hears(r history.Record, ev history.Sessions) {
	if sv.databases == nil {
		sv.databases = map[string]databaseSaid{}
	}
	if _, known := sv.databases[ev.Database]; known || len(sv.databases) < maxDatabases {
		sv.databases[ev.Database] = databaseSaid{ev, r.At}
	}
}

// maxDatabases bounds how many are kept.
const maxDatabases = 16

// lately are the databases that have said something lately, by name.
func (v sight) lately() (all []databaseSaid) {
	for _, name := range slices.Sorted(maps.Keys(v.databases)) {
		if one := v.databases[name]; v.now-one.at <= sessionsKept {
			all = append(all, one)
		}
	}
	return all
}

// find is the session with a number; false: it is not among what was said.
func (h databaseSaid) find(id uint64) (history.Session, bool) {
	for _, one := range h.All {
		if one.ID == id {
			return one, true
		}
	}
	return history.Session{}, false
}

// isAt says whether a thread that waits at a socket waits at this session.
func isAt(w history.SocketWait, s history.Session) bool {
	if local, err := netip.ParseAddrPort(w.Local); err == nil {
		return s.Client == netip.AddrPortFrom(local.Addr().Unmap(), local.Port()).String()
	}
	return s.Client == "" && s.Process != 0 && slices.ContainsFunc(w.Peers, func(p history.Peer) bool { return p.PID == s.Process })
}

// of are a process's sessions at which something waits: where a thread waits at a socket the one at its other end alone.
func (h databaseSaid) of(p *process, s standstill) (all []history.Session) {
	wait, socket := s.event().(history.SocketWait)
	socket = socket && !wait.Client && wait.Remote != ""
	for _, one := range h.All {
		if one.Peer.PID == p.pid && (!socket || isAt(wait, one)) {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b history.Session) int { return cmp.Compare(b.For, a.For) })
	return all
}

// A sessionPath is the way from a session that waits to the one that keeps it waiting.
type sessionPath struct {
	database string
	system   string            // "PostgreSQL"
	hops     []history.Session // the one that waits first; of a circle without the first once more
	circle   bool              // the last waits for one that was passed: it never ends by itself
	prepared bool              // the last waits for a prepared transaction, which has no session
	lost     bool              // whom the last waits for was not said
}

// maxHops bounds how far it is followed who waits for whom.
const maxHops = 16

// inDatabase is how a stall goes on in a database that has said so: the longest wait of a session of the process for
// another session; false: none does, or nobody has said so.
func (v sight) inDatabase(p *process, s standstill) (path sessionPath, found bool) {
	for _, db := range v.lately() {
		for _, one := range db.of(p, s) {
			if len(one.Blockers) > 0 && (!found || one.For > path.hops[0].For) {
				path, found = db.follow(one), true
			}
		}
	}
	return path, found
}

// follow follows the first blocker of each session, which is the one that holds what it waits for, or comes before it.
func (h databaseSaid) follow(one history.Session) sessionPath {
	path := sessionPath{database: h.Database, system: h.System, hops: []history.Session{one}}
	for len(one.Blockers) > 0 && len(path.hops) < maxHops {
		next := one.Blockers[0]
		if next == 0 {
			path.prepared = true
			return path
		}
		if slices.ContainsFunc(path.hops, func(s history.Session) bool { return s.ID == next }) {
			path.circle = true
			return path
		}
		var known bool
		if one, known = h.find(next); !known {
			path.lost = true
			return path
		}
		path.hops = append(path.hops, one)
	}
	return path
}

// last is who keeps all others waiting, as far as it is known.
func (path sessionPath) last() history.Session { return path.hops[len(path.hops)-1] }

// rests says whether a session waits for its client: what it holds, it holds until that one asks for something else.
func rests(s history.Session) bool { return strings.HasPrefix(s.State, "idle") }
