package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// networkHarm makes the way to a dependency bad.
type networkHarm struct {
	fault scenarios.Fault
	proxy *proxy
}

func prepareNetwork(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if field.Ground == nil || field.Ground.proxy == nil {
		return nil, errors.New("no proxy was laid between the server and what it depends on")
	}
	return networkHarm{f, field.Ground.proxy}, nil
}

func (n networkHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: fmt.Sprintf("the way from %s to %s", n.proxy.toxic.Listen, n.proxy.toxic.Upstream)}}, nil
}

func (n networkHarm) strike(ctx context.Context, _ target) (effect, error) {
	toxics, detail := n.toxics()
	heal := func() (string, error) {
		n.proxy.toxic.Toxics.ResetToxics(context.WithoutCancel(ctx))
		if left := n.proxy.toxic.Toxics.GetToxicArray(); len(left) > 0 {
			return "", fmt.Errorf("%d toxics are left", len(left))
		}
		return "", nil
	}
	for _, one := range toxics {
		if _, err := n.proxy.toxic.Toxics.AddToxicJson(strings.NewReader(one)); err != nil {
			_, undone := heal()
			return effect{}, errors.Join(fmt.Errorf("add a toxic: %w", err), undone)
		}
	}
	return effect{detail: detail, heal: heal}, nil
}

// toxics are toxiproxy's names for it.
func (n networkHarm) toxics() (all []string, detail string) {
	switch n.fault.Network {
	case "latency":
		return []string{fmt.Sprintf(`{"type":"latency","stream":"downstream","attributes":{"latency":%d}}`,
				n.fault.Delay.Milliseconds())},
			fmt.Sprintf("answers arrive %v later", n.fault.Delay)
	case "reset":
		return []string{`{"type":"reset_peer","stream":"downstream","attributes":{"timeout":0}}`},
			"connections are reset instead of an answer"
	}
	return []string{`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`,
			`{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`},
		"everything that is sent disappears"
}

// layProxy stands between the server and what it depends on; there is one for all network faults.
func layProxy(_ context.Context, gr *Ground, f scenarios.Fault, s scenarios.Server, _ string, _ *Guardian) (err error) {
	if gr.proxy != nil {
		if gr.way.Listen != f.Listen || gr.way.Upstream != f.Upstream {
			return errors.New("its listen or upstream is not that of the network fault before it, and the server has one proxy; want the same in all network faults of a scenario")
		}
		return nil
	}
	gr.way = f
	gr.proxy, err = newProxy(f, s.Upstream)
	return err
}
