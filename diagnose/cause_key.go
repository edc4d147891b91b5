package diagnose

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// keyOf is the key of Redis that stands for the lock which a stall waits for, and where it is; false: it waits for none, or
// Redis has not said lately.
func (x explainer) keyOf(p *process, s standstill) (key history.Key, database string, found bool) {
	st := s.task
	if st == nil {
		st = p.stacks[s.tid]
	}
	if st == nil || st.Wait == nil || st.Wait.On != lockInRedis || st.Wait.Name == "" {
		return history.Key{}, "", false
	}
	for _, db := range x.lately() {
		for _, key := range db.Keys {
			if key.Name == st.Wait.Name && !key.Free {
				return key, db.Database, true
			}
		}
	}
	return history.Key{}, "", false
}

// abandonedKey says whether nobody will give such a lock back: it never expires, and nobody who is connected now was so
// when it was taken, or a moment after.
func abandonedKey(k history.Key) bool { return k.Left == 0 && k.Age > 0 && k.Since == 0 }

// lockedByKey adds what Redis says of the lock that a stall waits for: that of whoever died with it has nobody to give it
// back.
func (x explainer) lockedByKey(p *process, s standstill, c *Cause) {
	key, database, found := x.keyOf(p, s)
	if !found {
		return
	}
	c.Sentence += fmt.Sprintf("; %s has the key %q", database, key.Name)
	if key.Age > 0 {
		c.Sentence += ", which was set" + lasting(key.Age) + " ago"
	}
	if key.Left > 0 {
		c.Sentence += " and expires in " + words.Seconds(key.Left)
		return
	}
	c.Sentence += " and never expires"
	if !abandonedKey(key) {
		return
	}
	c.Kind, c.Confidence = CauseDatabase, Likely // it may have connected anew since
	c.Short = fmt.Sprintf("lock %q in Redis: its holder is gone", key.Name)
	c.Sentence += "; no client of today was connected when it was set: the holder of the lock is gone, and nobody will release it"
	c.Remedy = fmt.Sprintf("delete the key %q in %s, if nothing works under that lock any more; and take it with a time limit (redis-py: Lock(timeout=…)), so that it expires when its holder dies",
		key.Name, database)
}

// keyNode is what a key says of whoever has the lock.
func keyNode(k history.Key, database string) Node {
	text := fmt.Sprintf("key %q of %s", k.Name, database)
	switch {
	case k.Left > 0:
		text += ", expires in " + words.Seconds(k.Left)
	case abandonedKey(k):
		text += ", its holder is gone"
	}
	return Node{Kind: NodeKey, Label: text}
}
