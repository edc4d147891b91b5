package probe

import "github.com/hangtime-dev/hangtime/kernel/sockdiag"

// sources are those of all addresses of one server, as if they were one.
type sources []source

// All appends every socket.
func (all sources) All(into []sockdiag.Connection) ([]sockdiag.Connection, error) {
	for _, one := range all {
		var err error
		if into, err = one.All(into); err != nil {
			return into, err
		}
	}
	return into, nil
}

// Some appends the listeners and those of known that are still there.
func (all sources) Some(into, known []sockdiag.Connection) ([]sockdiag.Connection, error) {
	if len(all) == 1 {
		return all[0].Some(into, known)
	}
	for _, one := range all {
		var err error
		if into, err = one.Some(into, ofSource(one, known)); err != nil {
			return into, err
		}
	}
	return into, nil
}

// ofSource are those connections that a source tells of.
func ofSource(one source, known []sockdiag.Connection) []sockdiag.Connection {
	inet, ok := one.(*sockdiag.Inet)
	if !ok {
		return nil // a unix source reads its whole table
	}
	var mine []sockdiag.Connection
	for i := range known {
		if !known[i].Local && known[i].Port == inet.Port() {
			mine = append(mine, known[i])
		}
	}
	return mine
}

// Close closes all.
func (all sources) Close() {
	for _, one := range all {
		one.Close()
	}
}
