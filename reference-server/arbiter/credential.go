package arbiter

import (
	"fmt"
	"os"
	"syscall"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// credential is who the workers run as; nil: who the arbiter runs as.
func credential(cfg *settings.Config) (*syscall.Credential, error) {
	if cfg.User == "" && cfg.Group == "" {
		return nil, nil
	}
	uid, gid, err := cfg.Owner()
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		if uid == os.Geteuid() && gid == os.Getegid() {
			return nil, nil
		}
		return nil, fmt.Errorf("user, group: only root can run workers as another user, and this is user %d", os.Geteuid())
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
