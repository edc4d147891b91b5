package faults

import "os"

// Role runs this process as the guardian or as the helper of a fault, when it was started as one.
func Role(args []string) (handled bool, code int) {
	if len(args) < 3 || os.Getenv(roleName) != args[0] {
		return false, 0
	}
	switch args[0] {
	case roleGuardian:
		return true, guard(args[1], args[2], os.Stdin, os.Stdout)
	case roleHoldLock:
		if len(args) < 4 {
			return false, 0
		}
		return true, holdLock(args[1], args[2], args[3], os.Stdin, os.Stdout)
	case roleKeepFile:
		return true, keepFile(os.Stdin)
	case roleSlowDisk:
		return true, serveSlowDisk(args[1], args[2], os.Stdin, os.Stdout)
	}
	return false, 0
}
