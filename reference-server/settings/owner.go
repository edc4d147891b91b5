package settings

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// Owner is the user and group that workers run as: names or numbers; what is not given is that of this process, the
// group that of the user.
func (c *Config) Owner() (uid, gid int, err error) {
	uid, gid = os.Geteuid(), os.Getegid()
	if c.User != "" {
		u, err := user.Lookup(c.User)
		if err != nil {
			if u, err = user.LookupId(c.User); err != nil {
				return 0, 0, fmt.Errorf("user: want the name or number of a user of this machine, got %q", c.User)
			}
		}
		// They are decimal numbers on every Unix.
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
	}
	if c.Group != "" {
		g, err := user.LookupGroup(c.Group)
		if err != nil {
			if g, err = user.LookupGroupId(c.Group); err != nil {
				return 0, 0, fmt.Errorf("group: want the name or number of a group of this machine, got %q", c.Group)
			}
		}
		gid, _ = strconv.Atoi(g.Gid)
	}
	return uid, gid, nil
}
