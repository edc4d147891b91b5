package faults

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestNetworkFaultsOfDifferentWaysAreRefused(t *testing.T) {
	one := scenarios.Fault{Kind: "network", Network: "latency"}
	other := scenarios.Fault{Kind: "network", Network: "reset", Upstream: "127.0.0.1:1"}
	ground, err := Lay(t.Context(), []scenarios.Fault{one, other}, scenarios.Server{}, t.TempDir(), nil)
	if err == nil {
		_ = ground.Close()
		t.Fatal("the second fault got the proxy of the first")
	}
	if !strings.Contains(err.Error(), "faults[1] (network): its listen or upstream is not that of") {
		t.Error(err)
	}
	other.Upstream = ""
	ground, err = Lay(t.Context(), []scenarios.Fault{one, other}, scenarios.Server{}, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ground.Close(); err != nil {
		t.Error(err)
	}
}
