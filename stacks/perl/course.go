package perl

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// atRest says that a process waits for its next piece of work, in the place where its server or its loop does: in the
// innermost call, or in one that only calls of the library go on from. Tried with Net::Server 2.010 (starman 0.4016),
// Mojolicious 9.31 and IO::Socket 1.49.
func atRest(frames []stacks.Frame) bool {
	for i, f := range frames {
		switch {
		case !f.Library:
			return false
		case i == 0 && f.Function == "Mojo::Reactor::Poll::one_tick":
			return true // it has no handler in hand: that would be a call
		case f.Function == "IO::Socket::accept", f.Function == "Net::Server::accept",
			f.Function == "Net::Server::PreForkSimple::accept":
			return true
		}
	}
	return false
}

// loops says that a loop of events runs what is called.
func loops(frames []stacks.Frame) bool {
	return slices.ContainsFunc(frames, func(f stacks.Frame) bool { return strings.HasPrefix(f.Function, "Mojo::Reactor::") })
}

// serves says that a process is one of those that serve requests one by one.
func serves(frames []stacks.Frame) bool {
	return !loops(frames) && slices.ContainsFunc(frames, func(f stacks.Frame) bool {
		return strings.HasPrefix(f.Function, "Net::Server::") || strings.HasPrefix(f.Function, "Plack::")
	})
}

// course says whether calls are a program's own course: the application's code, which no library called that takes work.
// What comes with Perl calls back what it was given.
func course(frames []stacks.Frame) bool {
	own := slices.IndexFunc(frames, func(f stacks.Frame) bool { return !f.Library })
	return own >= 0 && !slices.ContainsFunc(frames[own:], func(f stacks.Frame) bool { return f.Library && !isStandard(f.File) })
}

// isStandard says that a file comes with Perl: "/usr/share/perl/5.36/File/Find.pm".
func isStandard(file string) bool {
	if file == "" || strings.HasPrefix(file, "(eval ") || strings.Contains(file, "/perl-base/") {
		return true
	}
	for _, mark := range []string{"/share/perl/5.", "/perl/5.", "/lib/perl5/5."} {
		if _, below, is := strings.Cut(file, mark); is && !strings.HasPrefix(file, "/usr/local/share/") &&
			!strings.Contains(below, "/site_perl/") {
			return true
		}
	}
	return false
}

// waits says that an operation may take long by itself: it asks the kernel, or searches in a text.
func waits(operation string) bool {
	switch operation {
	case "sleep", "flock", "wait", "waitpid", "system", "backtick", "sselect", "readline", "read", "sysread", "recv",
		"syswrite", "send", "print", "say", "accept", "connect", "open", "close", "eof", "semop", "msgrcv", "msgsnd",
		"glob", "match", "subst", "split", "sort", "fcntl", "ioctl", "rename", "unlink", "stat", "readdir",
		"ghbyname", "ghbyaddr", "rcatline", "regcomp":
		return true
	}
	return false
}

// wait says what a process waits for where its operation does nothing else. Others, such as readline, wait for what the
// kernel knows.
func wait(operation string) stacks.Wait {
	on := ""
	switch operation {
	case "sleep":
		on = "sleep"
	case "flock":
		on = "lock"
	case "wait", "waitpid", "system":
		on = "child"
	case "sselect":
		on = "select"
	case "semop":
		on = "semaphore"
	}
	if on == "" {
		return stacks.Wait{}
	}
	return stacks.Wait{On: on, FD: -1}
}
