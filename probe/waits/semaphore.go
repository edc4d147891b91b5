package waits

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
)

// semGetPID is GETPID of semctl(2): who last changed a semaphore.
const semGetPID = 11

// semaphore is a thread in semop(2). Who changed the semaphore last has it, where it is used as a lock.
func (h *host) semaphore(s Subject) history.Event {
	wait := history.SemaphoreWait{PID: s.PID, TID: s.TID, ID: int(int32(s.Call.Args[0]))}
	var op [2]byte // sem_num of the first struct sembuf
	if memory.Read(s.PID, s.Call.Args[1], op[:]) != nil {
		return wait
	}
	number := binary.NativeEndian.Uint16(op[:])
	pid, _, errno := unix.Syscall6(unix.SYS_SEMCTL, uintptr(uint32(s.Call.Args[0])), uintptr(number), semGetPID, 0, 0, 0)
	if errno != 0 || pid == 0 {
		return wait
	}
	wait.Last = h.peer(int(pid))
	_, err := h.fs.Stat(int(pid))
	wait.Dead = err != nil
	return wait
}
