package diagnose

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// peers writes processes for people.
func peers(all []history.Peer) string {
	var texts []string
	for _, one := range all {
		text := fmt.Sprintf("pid %d", one.PID)
		if one.Command != "" {
			text += " (" + one.Command + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " and ")
}

func pipeWords(p *process, s standstill, w history.PipeWait) Cause {
	if w.Open {
		c := Cause{Kind: CausePipe, Confidence: sure(s, true), Inode: w.Inode, Path: w.Path,
			Short: "FIFO without another end",
			Sentence: fmt.Sprintf("%s opens the FIFO %s and waits until somebody opens its other end to %s",
				named(p, s.thread), w.Path,
				opposite(w.Op))}
		if w.Op == "read" {
			c.Kind = CausePipeEmpty
		}
		return c
	}
	if w.Op != "write" {
		c := Cause{Kind: CausePipeEmpty, Confidence: sure(s, len(w.Others) > 0), Inode: w.Inode,
			Short:    "reads an empty pipe",
			Sentence: named(p, s.thread) + " waits for somebody to write to a pipe"}
		if len(w.Others) > 0 {
			c.Sentence += ": " + peers(w.Others)
			c.Short += fmt.Sprintf(" ← pid %d", w.Others[0].PID)
		} else {
			c.Sentence += ", whose other end no other process has"
		}
		return c
	}
	c := Cause{Kind: CausePipe, Confidence: sure(s, w.Size > 0), Inode: w.Inode, Short: "pipe full",
		Sentence: fmt.Sprintf("%s is blocked in write on a full pipe", named(p, s.thread))}
	if w.Size > 0 && w.Fill >= 0 {
		c.Short = fmt.Sprintf("pipe full (%s)", words.Size(uint64(w.Size)))
		c.Sentence += fmt.Sprintf(" (%d of %d bytes)", w.Fill, w.Size)
	}
	switch {
	case len(w.Others) == 0:
		c.Sentence += "; no process could be seen that has its other end"
	default:
		c.Short += fmt.Sprintf(" → pid %d", w.Others[0].PID)
		c.Sentence += " that should be read by " + peers(w.Others)
	}
	return c
}

func diskWords(p *process, s standstill, w history.DiskWait) Cause {
	c := Cause{Kind: CauseDisk, Confidence: sure(s, w.Mount != ""), Path: w.Path}
	file := w.Path
	if file == "" {
		file = "a file"
	}
	what := "does not answer"
	c.Short = "slow disk " + w.Mount
	if w.Frozen {
		what = "is frozen: not even SIGKILL ends the wait"
		c.Short = "frozen " + w.Mount
	}
	c.Sentence = fmt.Sprintf("%s is in %s on %s", named(p, s.thread), w.Op, file)
	if w.Mount != "" {
		c.Sentence += fmt.Sprintf("; the file system at %s (%s) %s", w.Mount, w.Type, what)
	}
	if len(w.Servers) > 0 {
		c.Sentence += "; it is served by " + peers(w.Servers)
	}
	return c
}

// socket tells a client that keeps the worker waiting from a server that does.
func (x explainer) socket(p *process, s standstill, w history.SocketWait) Cause {
	if w.Client {
		c := Cause{Kind: CauseClient, Confidence: sure(s, true), Remote: w.Remote, Short: "waits for a client",
			Sentence: fmt.Sprintf("%s is in %s on the connection of a client (%s)", named(p, s.thread), w.Op, w.Remote)}
		if x.backlog > 0 {
			c.Sentence += fmt.Sprintf("; %s behind it", words.Do(x.backlog, "connection", "wait"))
		}
		return c
	}
	c := Cause{Kind: CauseSocket, Confidence: sure(s, w.Remote != ""), Remote: w.Remote}
	other := "a server at " + w.Remote
	if service := service(w); service != "" {
		other = service + " at " + w.Remote
	}
	who := named(p, s.thread)
	switch {
	case w.Own:
		c.Kind, c.Short = CauseSelf, "asks its own server"
		c.Sentence = fmt.Sprintf("%s is in %s and waits for an answer of its own server (%s)", who, w.Op, w.Remote)
		if x.waiting() {
			c.Confidence = Proven
			c.Sentence += ": its own request waits in the backlog, and no worker is free to take it, so it never ends by itself"
		}
		return c
	case w.Full:
		c.Short = "cannot send to " + receiver(w)
		c.Sentence = fmt.Sprintf("%s is in %s and cannot send: %s does not read", who, w.Op, reader(w))
		if w.Unread > 0 {
			c.Sentence += fmt.Sprintf(" (%s wait for it)", words.Size(uint64(w.Unread)))
		}
		return c
	case w.Remote == "":
		c.Short = w.Op + " on a socket"
		c.Sentence = fmt.Sprintf("%s is in %s on a %s socket whose other end is not known", who, w.Op, w.Family)
		if w.Family == "" {
			c.Sentence = fmt.Sprintf("%s is in %s on a socket that the kernel did not list: it is new, or of a rare kind", who, w.Op)
		}
		return c
	}
	c.Short = fmt.Sprintf("%s %s", w.Op, w.Remote)
	c.Sentence = fmt.Sprintf("%s is in %s and waits for %s %s", who, w.Op, owedBy(w), other)
	if len(w.Peers) > 0 {
		c.Sentence += ", " + peers(w.Peers)
	}
	if w.Does != "" && !strings.Contains(c.Sentence, w.Does) {
		c.Sentence += fmt.Sprintf(", which says of itself %q", w.Does)
	}
	if w.Silent > 0 {
		c.Sentence += fmt.Sprintf("; it last sent something %s ago", words.Seconds(w.Silent+max(x.now-s.behind.at, 0)))
	}
	return c
}

// owedBy is what a thread waits for at a socket to another server.
func owedBy(w history.SocketWait) string {
	if strings.HasPrefix(w.State, "SYN") {
		return "the connection to"
	}
	return "an answer of"
}

// reader names who should read what is sent.
func reader(w history.SocketWait) string {
	switch {
	case len(w.Peers) > 0:
		return peers(w.Peers)
	case w.Remote != "":
		return w.Remote
	}
	return "the other end"
}

func receiver(w history.SocketWait) string {
	if len(w.Peers) > 0 {
		return fmt.Sprintf("pid %d", w.Peers[0].PID)
	}
	return w.Remote
}

// service names what listens at well-known ports (IANA's list), where that says more than the number.
func service(w history.SocketWait) string {
	addr, err := netip.ParseAddrPort(w.Remote)
	if err != nil {
		return ""
	}
	switch addr.Port() {
	case 53, 853:
		return "a DNS server"
	case 443:
		return "an HTTPS server"
	case 80, 8080:
		return "an HTTP server"
	case 3306:
		return "a MySQL server"
	case 5432:
		return "a PostgreSQL server"
	case 6379:
		return "a Redis server"
	case 5672:
		return "an AMQP server"
	case 11211:
		return "a memcached server"
	case 27017:
		return "a MongoDB server"
	}
	return ""
}

// bySyscall concludes from what one thread is in, where its other side is not known.
func bySyscall(p *process, s standstill) Cause {
	t := s.thread
	call := t.Syscall
	if call == "" {
		call = fromKernel(t)
	}
	who, arguments := named(p, t), ""
	if t.Args != "" {
		arguments = " (" + t.Args + ")"
	}
	switch call {
	case "nanosleep", "clock_nanosleep":
		return Cause{Kind: CauseSleeping, Confidence: sure(s, true), Short: "blocking sleep", Sentence: who +
			" is in a blocking sleep"}
	case "futex":
		return Cause{Kind: CauseMutex, Confidence: sure(s, false), Short: "waits for a lock of its own process",
			Sentence: who + " waits for a lock inside its process" + arguments}
	case "msgrcv", "mq_timedreceive", "msgsnd", "mq_timedsend":
		what := "waits for a message of a message queue"
		if strings.HasSuffix(call, "snd") || strings.HasSuffix(call, "send") {
			what = "waits for room in a message queue"
		}
		return Cause{Kind: CauseEvent, Confidence: sure(s, true), Short: "message queue", Path: target(t.Args),
			Sentence: fmt.Sprintf("%s is in %s%s: it %s", who, call, arguments, what)}
	case "flock", "fcntl", "ofd":
		file := target(t.Args)
		c := Cause{Kind: CauseFileLock, Confidence: sure(s, false), Short: call, Path: file,
			Sentence: fmt.Sprintf("blocked in %s%s; who holds the lock could not be seen", call, arguments)}
		if file != "" {
			c.Short = call + " " + path.Base(file)
		}
		return c
	case "":
		return Cause{Kind: CauseUnknown, Confidence: Guess, Short: "stands still",
			Sentence: fmt.Sprintf("%s stands still (state %s); its system call may not be read", who, t.State)}
	}
	if kind := byFrames(t); kind != "" {
		return Cause{Kind: kind, Confidence: sure(s, false), Short: "in " + call, Path: target(t.Args),
			Sentence: fmt.Sprintf("%s is in %s%s; %s", who, call, arguments, frameWords(kind))}
	}
	return Cause{Kind: CauseUnknown, Confidence: Guess, Short: "in " + call,
		Sentence: fmt.Sprintf("%s is in %s%s and does not come back", who, call, arguments)}
}

// fromKernel tells the system call from where in the kernel the thread sleeps, where the call itself may not be read.
func fromKernel(t *threadState) string {
	for _, frame := range append([]string{t.Wchan}, t.Stack...) {
		switch {
		case strings.Contains(frame, "locks_lock_inode_wait"):
			return "flock"
		case strings.Contains(frame, "fcntl_setlk"):
			return "fcntl"
		case strings.Contains(frame, "hrtimer_nanosleep"):
			return "clock_nanosleep"
		case strings.Contains(frame, "futex"):
			return "futex"
		}
	}
	return ""
}

// byFrames tells the cause from where in the kernel a thread sleeps, for calls such as write that may wait for many
// things.
func byFrames(t *threadState) string {
	for _, frame := range append([]string{t.Wchan}, t.Stack...) {
		switch {
		case strings.Contains(frame, "anon_pipe_write"), strings.Contains(frame, "pipe_write"):
			return CausePipe
		case strings.Contains(frame, "request_wait_answer"), strings.Contains(frame, "percpu_rwsem_wait"):
			return CauseDisk
		case strings.Contains(frame, "mem_cgroup_oom_synchronize"):
			return CauseMemory
		case strings.Contains(frame, "wait_woken"), strings.Contains(frame, "sk_wait_data"),
			strings.Contains(frame, "__skb_wait_for_more_packets"), strings.Contains(frame, "inet_stream_connect"):
			return CauseSocket
		}
	}
	return ""
}

func frameWords(kind string) string {
	switch kind {
	case CausePipe:
		return "its kernel stack shows a full pipe"
	case CauseDisk:
		return "its kernel stack shows a file system that does not answer"
	case CauseMemory:
		return "its kernel stack shows a memory limit without a killer"
	}
	return "its kernel stack shows a socket that gets no answer"
}

// target is the path in "9 → /tmp/x/async_tasks.log, LOCK_EX".
func target(args string) string {
	_, rest, ok := strings.Cut(args, "→ ")
	if !ok {
		return ""
	}
	file, _, _ := strings.Cut(rest, ",")
	if file = strings.TrimSpace(file); strings.HasPrefix(file, "/") {
		return file
	}
	return ""
}

// opposite is what the process at the other end of a pipe should do.
func opposite(op string) string {
	if op == "write" {
		return "read"
	}
	return "write"
}
