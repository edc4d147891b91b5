package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// goesOn adds how a wait goes on in a database, where that was asked: who has what its session waits for, and what that
// one does, back to the worker and its line where it is one of the server's own.
func (x explainer) goesOn(p *process, s standstill, c *Cause) {
	if s.outside() || s.how == computing {
		return
	}
	path, found := x.inDatabase(p, s)
	if !found {
		x.lockedByKey(p, s, c)
		x.databaseSays(p, s, c)
		return
	}
	first, last := path.hops[0], path.last()
	c.Kind, c.Confidence, c.Session, c.Remote = CauseDatabase, Proven, last.ID, ""
	if c.Cycle = path.circle; path.circle {
		c.Sentence += fmt.Sprintf("; in %s its session %d waits for %s, and %s", path.database, first.ID, first.Waits,
			"the sessions wait for each other in a circle, which ends only if the database finds it, or somebody ends one of them")
		c.Short = fmt.Sprintf("%s: sessions in a circle", first.Waits)
	}
	c.Chain = nil
	for i, one := range path.hops {
		c.Chain = append(c.Chain, x.hop(path, i))
		if i == 0 || path.circle {
			continue
		}
		if i == 1 {
			c.Sentence += fmt.Sprintf("; in %s its session %d waits%s for %s; session %d holds it, or asked for it first", path.database,
				first.ID, lasting(first.For), first.Waits, one.ID)
		}
	}
	switch {
	case path.circle:
		c.Remedy = fmt.Sprintf("take the locks in one order everywhere; until then end one of the sessions, such as %d of %s", last.ID,
			path.database)
		return
	case path.prepared:
		c.Session = 0
		c.Short = first.Waits + " ← a prepared transaction"
		c.Sentence += fmt.Sprintf("; in %s session %d waits for %s; a prepared transaction holds it", path.database, last.ID, last.Waits)
		c.Remedy = "commit the prepared transaction or roll it back (pg_prepared_xacts lists them)"
		return
	case path.lost:
		c.Short = first.Waits + " ← a session that was not listed"
		return
	}
	c.Short = fmt.Sprintf("%s ← session %d, %s", first.Waits, last.ID, last.State)
	if len(path.hops) > 2 {
		c.Sentence += fmt.Sprintf("; session %d keeps them all", last.ID)
	}
	c.Sentence += fmt.Sprintf("; that one is %s%s", last.State, lasting(last.For))
	if last.Statement != "" {
		c.Sentence += fmt.Sprintf(", %s %q", did(last), last.Statement)
	}
	at := ""
	switch {
	case last.Peer.PID == p.pid:
		c.Sentence += "; it is another connection of this very process"
		if c.Cycle = rests(last) && len(x.serving(p)) <= 1; c.Cycle {
			c.Sentence += ", which waits for itself: that never ends"
		}
		at = c.Where
	case last.Peer.PID != 0:
		var text string
		text, at = x.clientWords(last)
		c.Sentence += "; its client is " + text
	case last.Client != "":
		c.Sentence += "; its client is at " + last.Client
	}
	c.Remedy = ends(path, last, at)
}

// An ending is how a session of a database is ended by hand, and the setting that ends one which rests in a transaction.
type ending struct{ end, limit string }

var endings = map[string]ending{
	"PostgreSQL": {"select pg_terminate_backend(%d)", "idle_in_transaction_session_timeout"},
	"MySQL":      {"kill %d", ""}, // of version 8 and 9: it has none
	"MariaDB":    {"kill %d", "idle_transaction_timeout"},
}

// ends is what lets the others go on, and what keeps it from coming again. hangtime never ends a session itself.
func ends(path sessionPath, s history.Session, at string) string {
	how := endings[path.system]
	end := fmt.Sprintf("end session %d of %s", s.ID, path.database)
	if how.end != "" {
		end += " (" + fmt.Sprintf(how.end, s.ID) + ")"
	}
	where := ""
	if at != "" {
		where = " in " + at
	}
	if !rests(s) {
		return end + "; make its statement shorter or give it a time limit" + where
	}
	end += "; commit or roll back before anything else that may take time, and on every way out" + where
	if how.limit != "" {
		end += ", and let the database end what rests inside a transaction (" + how.limit + ")"
	}
	return end
}

// clientWords says which process of this machine has a session, and what it is at by now; at is its line of code.
func (x explainer) clientWords(s history.Session) (text, at string) {
	text = peers([]history.Peer{s.Peer})
	q := x.alive(s.Peer.PID)
	if q == nil {
		return text, ""
	}
	text = fmt.Sprintf("pid %d, worker %d of this server", q.pid, q.place)
	if q.sample.Inside == 0 && q.open == 0 && !q.noListener {
		text += ", which has no request inside: "
		if rests(s) {
			return text + "it has left its transaction open", ""
		}
		return text + "whoever asked for this statement has gone", ""
	}
	st := q.atOwnCode()
	if st == nil {
		return text, ""
	}
	text += ", which is in " + st.own()
	if st.Request != nil {
		text += " (" + requestWords(*st.Request) + ")"
	}
	return text, st.own()
}

// atOwnCode is the first of a worker's threads that is at work in the application's own code; nil: none was seen to be.
func (p *process) atOwnCode() *stack {
	for _, tid := range slices.Sorted(maps.Keys(p.stacks)) {
		if st := p.stacks[tid]; !st.Idle && st.own() != "" {
			return st
		}
	}
	return nil
}

// hop is one session in a line of the chain.
func (x explainer) hop(path sessionPath, i int) string {
	s := path.hops[i]
	text := fmt.Sprintf("session %d of %s: ", s.ID, path.database)
	if s.Waits == "" {
		text += s.State + lasting(s.For)
	} else {
		text += "waits" + lasting(s.For) + " for " + s.Waits
		if path.circle && i == len(path.hops)-1 {
			text += fmt.Sprintf(", held by session %d", s.Blockers[0])
		}
	}
	if s.Statement != "" {
		text += fmt.Sprintf("; %s %q", did(s), s.Statement)
	}
	if s.Open > 0 && rests(s) {
		text += "; in a transaction since " + words.Seconds(s.Open)
	}
	if s.Peer.PID != 0 {
		who, _ := x.clientWords(s)
		text += "; its client is " + who
	} else if s.Client != "" {
		text += "; its client is at " + s.Client
	}
	return text
}

func did(s history.Session) string {
	if rests(s) {
		return "last did"
	}
	return "does"
}

func lasting(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return " " + words.Seconds(d)
}

// databaseSays adds what a database says of a process that waits, where no session keeps one of its: that it could not be
// asked, that a client waits for what nobody has sent, that connections of a full pool do nothing.
func (x explainer) databaseSays(p *process, s standstill, c *Cause) {
	for _, db := range x.lately() {
		all := db.of(p, s)
		switch {
		case db.Trouble != "":
			if c.Kind == CauseSocket || c.Kind == CausePool {
				c.Sentence += fmt.Sprintf("; %s could not be asked (%s)", db.Database, db.Trouble)
			}
		case c.Kind == CausePool || p.awaitsPool(s):
			if resting, oldest := unused(all); resting > 0 {
				c.Sentence += fmt.Sprintf("; of its %s in %s %d %s nothing, the oldest%s", words.Count(len(all), "session"), db.Database,
					resting, words.Choose(resting, "does", "do"), lasting(oldest.For))
				if oldest.Statement != "" {
					c.Sentence += fmt.Sprintf(" since it did %q", oldest.Statement)
				}
			}
		case len(all) > 0 && all[0].Waits != "":
			c.Sentence += fmt.Sprintf("; %s says that it waits%s for %s", db.Database, lasting(all[0].For), all[0].Waits)
		case len(all) == 1 && c.Kind == CauseSocket && !rests(all[0]) && all[0].Statement != "":
			c.Sentence += fmt.Sprintf("; %s says that its session %d is %s%s, %s %q", db.Database, all[0].ID, all[0].State,
				lasting(all[0].For), did(all[0]), all[0].Statement)
		}
	}
}

// unused counts sessions that wait for their client, and is the one that has done so for longest.
func unused(all []history.Session) (n int, oldest history.Session) {
	for _, one := range all {
		if rests(one) {
			if n == 0 || one.For > oldest.For {
				oldest = one
			}
			n++
		}
	}
	return n, oldest
}

// awaitsPool says whether what stands still waits for a connection of a pool, by its language's account.
func (p *process) awaitsPool(s standstill) bool {
	st := s.task
	if st == nil {
		st = p.stacks[s.tid]
	}
	return st != nil && st.Wait != nil && st.Wait.On == "pool"
}
