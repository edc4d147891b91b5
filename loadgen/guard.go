package loadgen

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Ceilings that only a person lifts, with Options.Unlimited.
const (
	MostRate    = 50_000 // hits a second
	MostSenders = 4096   // hits in flight, and so connections
)

// spareFiles are descriptors that everything beside the senders' sockets may need.
const spareFiles = 64

// permitted refuses what may not be loaded, or not so hard: named are the hosts that a person has named, and unlimited
// lifts the ceilings.
func permitted(w *work, plan scenarios.Load, named []string, unlimited bool, resolver *net.Resolver) error {
	if err := guard(w.targets, plan.UnixSocket, named, resolver); err != nil {
		return err
	}
	if !unlimited {
		if err := ceilings(w.peak, plan.Senders); err != nil {
			return err
		}
	}
	return enoughFiles(plan.Senders)
}

// guard refuses to load a machine that nobody named. Loopback addresses and unix sockets need no leave; a name must
// lead to loopback addresses only.
func guard(targets []request.Target, socket string, named []string, resolver *net.Resolver) error {
	if socket != "" {
		return nil
	}
	seen := map[string]bool{}
	for i := range targets {
		t := &targets[i]
		var host string
		if !t.Template { // a template's braces are no URL
			u, err := url.Parse(t.URL)
			if err != nil {
				return err
			}
			host = u.Hostname()
		} else {
			_, rest, _ := strings.Cut(t.URL, "://")
			rest, _, _ = strings.Cut(rest, "/")
			host = (&url.URL{Host: rest}).Hostname()
		}
		if seen[host] || slices.Contains(named, host) {
			continue
		}
		seen[host] = true
		if err := loopbackOnly(host, resolver); err != nil {
			return err
		}
	}
	return nil
}

func loopbackOnly(host string, resolver *net.Resolver) error {
	leave := fmt.Sprintf("if you may load it, say so with --allow %s", host)
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	ips, err := resolver.LookupIPAddr(ctx, host)
	if err != nil {
		return fmt.Errorf("%s: cannot tell whether it is this machine (%w); %s", host, err, leave)
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return fmt.Errorf("%s (%s) is not this machine, and load can harm whoever gets it; %s", host, ip.IP, leave)
		}
	}
	return nil
}

// ceilings refuses more than a slip of the finger should start.
func ceilings(peak float64, senders int) error {
	const how = "--no-ceilings lifts it"
	if peak > MostRate {
		return fmt.Errorf("%.0f hits a second are above the ceiling of %d; %s", peak, MostRate, how)
	}
	if senders > MostSenders {
		return fmt.Errorf("%d senders are above the ceiling of %d; %s", senders, MostSenders, how)
	}
	return nil
}

// enoughFiles checks before the first hit what would otherwise be found out in the middle: a socket for each sender.
func enoughFiles(senders int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("ask for the limit of open files: %w", err)
	}
	if need := uint64(senders) + spareFiles; need > limit.Cur {
		return fmt.Errorf("%d senders need %d open files and this process may have %d; `ulimit -n %d` before, or fewer senders", senders, need, limit.Cur, need)
	}
	return nil
}

// RealTime says whether the kernel lets this process run before all ordinary ones (sched(7)). A closed loop without a
// pause would then leave nothing else a processor.
func RealTime() bool {
	attr, err := unix.SchedGetAttr(0, 0)
	return err == nil && (attr.Policy == unix.SCHED_FIFO || attr.Policy == unix.SCHED_RR ||
		attr.Policy == unix.SCHED_DEADLINE)
}
