package arbiter

import (
	"os"
	"strings"
)

// The environment that makes a process a worker, or the task engine.
const (
	RoleVar    = "HANGTIME_ROLE"
	BirthVar   = "HANGTIME_WORKER_BIRTH"
	WorkerRole = "worker"
	EngineRole = "engine"
)

// The environment that makes a process the successor of an arbiter (gunicorn's GUNICORN_PID and GUNICORN_FD).
const (
	upgradePidVar       = "HANGTIME_UPGRADE_PID"
	upgradeListenersVar = "HANGTIME_UPGRADE_LISTENERS"
	// UpgradeParentVar is the process whose end the server was told to share, see --exit-with-parent.
	UpgradeParentVar = "HANGTIME_UPGRADE_PARENT"
)

// cleanEnv is the environment without what another arbiter may have put there.
func cleanEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case RoleVar, BirthVar, upgradePidVar, upgradeListenersVar, UpgradeParentVar:
		default:
			env = append(env, v)
		}
	}
	return env
}
