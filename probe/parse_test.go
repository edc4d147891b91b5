package probe

import (
	"testing"
	"time"
)

func TestAStatIsReadWhateverTheNameHolds(t *testing.T) {
	const rest = " S 1 2 3 0 -1 4194304 100 0 0 0 7 3 0 0 20 0 4 0 12345 1000000 250 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 9"
	for _, name := range []string{"python3", "a b", "x) R 9 (y", "line\nbreak"} {
		got, err := parseStat([]byte("42 (" + name + ")" + rest + "\n"))
		want := stat{comm: name, state: 'S', parent: 1, cpu: 100 * time.Millisecond, threads: 4, start: 12345, rss: 250, cpuNr: 1, exit: 9}
		if err != nil || got != want {
			t.Errorf("%q: %+v (%v)", name, got, err)
		}
	}
}

func TestALockIsReadInEveryForm(t *testing.T) {
	for line, want := range map[string]fileLock{
		"1: FLOCK  ADVISORY  WRITE 11274 fe:00:10013058 0 EOF":    {class: "FLOCK", write: true, pid: 11274, device: "fe:00", inode: 10013058, to: endOfFile},
		"1: -> FLOCK  ADVISORY  WRITE 10825 fe:00:10013058 0 EOF": {waits: true, class: "FLOCK", write: true, pid: 10825, device: "fe:00", inode: 10013058, to: endOfFile},
		"12:      -> -> POSIX  ADVISORY  READ  7 00:13:5 100 199": {waits: true, class: "POSIX", pid: 7, device: "00:13", inode: 5, from: 100, to: 199},
		"3: OFDLCK ADVISORY  WRITE -1 fe:00:77 0 0":               {class: "OFDLCK", write: true, pid: -1, device: "fe:00", inode: 77},
	} {
		if got, err := parseLock(line); err != nil || got != want {
			t.Errorf("%s: %+v (%v)", line, got, err)
		}
	}
}

func TestOnlyWhatIsBeyondDoubtIsOutstanding(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		c        connection
		oneToOne bool
		want     phase
	}{
		{"the client never sent", connection{lastReceive: 500 * ms}, false, silent},
		{"the first request waits", connection{received: 90, lastReceive: 500 * ms, lastSend: 500 * ms}, false, asked},
		{"the second request waits", connection{received: 180, sent: 90, lastReceive: 500 * ms, lastSend: 700 * ms}, false, asked},
		{"answered, kept alive", connection{received: 90, sent: 90, lastReceive: 700 * ms, lastSend: 500 * ms}, false, settled},
		{"answered within one step of the clock", connection{received: 90, sent: 90, lastReceive: 700 * ms, lastSend: 700 * ms, segmentsIn: 2, segmentsOut: 1}, false, settled},
		{"the same, and more lies unread", connection{received: 180, sent: 90, lastReceive: 700 * ms, lastSend: 700 * ms, unread: 90}, false, asked},
		{"asked in the step of the last answer, one segment each", connection{received: 180, sent: 90, lastReceive: 700 * ms, lastSend: 700 * ms, segmentsIn: 2, segmentsOut: 1}, true, asked},
	} {
		if got := phaseOf(c.c, c.oneToOne); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("1 (a) S 0 0"))
	f.Fuzz(func(_ *testing.T, line []byte) { _, _ = parseStat(line) })
}

func FuzzLock(f *testing.F) {
	f.Add("1: -> FLOCK  ADVISORY  WRITE 10825 fe:00:10013058 0 EOF")
	f.Add("1: -> -> ")
	f.Fuzz(func(t *testing.T, line string) {
		if l, err := parseLock(line); err == nil && l.class == "" {
			t.Errorf("%q has no class", line)
		}
	})
}

func FuzzFdinfo(f *testing.F) {
	f.Add([]byte("pos:\t0\nflags:\t0100002\nmnt_id:\t29\nino:\t8\nlock:\t1: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { parseFdinfo(text) })
}

func FuzzCall(f *testing.F) {
	f.Add("73 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe 0x7f")
	f.Add("-1 0x0 0x0")
	f.Add("running")
	f.Fuzz(func(_ *testing.T, text string) {
		if c, err := parseCall(text); err == nil {
			c.name()
			c.fileLockWait()
		}
	})
}

func FuzzExecStart(f *testing.F) {
	f.Add([]byte("se.exec_start                                :       1528661.542022\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, ok := parseExecStart(text); ok && d < 0 {
			t.Errorf("%q is %v", text, d)
		}
	})
}

func FuzzSocketDump(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 3, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint32(1))
	f.Fuzz(func(_ *testing.T, data []byte, seq uint32) {
		_, _ = parseDump(data, seq, func(body []byte) error { _, err := parseConnection(body); return err })
	})
}
