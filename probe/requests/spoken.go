package requests

import "github.com/hangtime-dev/hangtime/kernel/sockdiag"

// Sockets are the server's at one moment.
type Sockets struct {
	Listening map[uint32]bool         // inodes
	Spoken    func(inode uint32) bool // it is a connection, and a process has read all that came
}

// spoken says whether a process has read all that has come over a connection. One that passes it on reads nothing.
func spoken(c sockdiag.Connection) bool {
	return c.State != sockdiag.Listen && c.Received > 0 && c.Unread == 0
}

// ReadSockets reads those at the given addresses, both as Open takes them.
func ReadSockets(netns string, addresses []string) (Sockets, error) {
	source, err := openSources(netns, addresses)
	if err != nil {
		return none(), err
	}
	defer source.Close()
	all, err := source.All(nil)
	if err != nil {
		return none(), err
	}
	listening, read := map[uint32]bool{}, map[uint32]bool{}
	for i := range all {
		listening[all[i].Inode] = all[i].State == sockdiag.Listen
		read[all[i].Inode] = spoken(all[i])
	}
	delete(listening, 0)
	return Sockets{listening, func(inode uint32) bool { return read[inode] }}, nil
}

func none() Sockets { return Sockets{Spoken: func(uint32) bool { return false }} }

// Sockets are those that were last read.
func (r *Reader) Sockets() Sockets {
	if r.connections == nil {
		return none()
	}
	listening := map[uint32]bool{}
	for i := range r.connections.now {
		if one := &r.connections.now[i]; one.State == sockdiag.Listen && one.Local == r.connections.local {
			listening[one.Inode] = true // an arbiter may have another of the other kind for commands
		}
	}
	return Sockets{listening, func(inode uint32) bool {
		s := r.connections.sockets[inode]
		return s != nil && s.spoken
	}}
}
