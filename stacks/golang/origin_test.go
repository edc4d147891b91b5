package golang

import (
	"debug/buildinfo"
	"runtime/debug"
	"testing"
)

func TestApplicationAndLibraryAreToldApart(t *testing.T) {
	shop := &buildinfo.BuildInfo{
		Main: debug.Module{Path: "example.com/shop"},
		Deps: []*debug.Module{
			{Path: "golang.org/x/net", Version: "v0.1.0"},
			{Path: "example.com/beside", Replace: &debug.Module{Path: "../beside"}},
			{Path: "example.com/forked", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.0.0"}},
		},
	}
	whole, trimmed := newOrigin(shop, "/usr/local/go/src/runtime/proc.go"), newOrigin(shop, "runtime/proc.go")
	bare := newOrigin(&buildinfo.BuildInfo{Main: debug.Module{Path: "shop"}}, "runtime/proc.go")
	for _, row := range []struct {
		of             origin
		function, file string
		library        bool
	}{
		{whole, "main.main", "/src/shop/main.go", false},
		{whole, "main._Cfunc_draw", "_cgo_gotypes.go", true},
		{whole, "example.com/shop/cart.(*Cart).Pay", "/src/shop/cart/cart.go", false},
		{whole, "example.com/shopping.Do", "/root/go/pkg/mod/example.com/shopping@v1/do.go", true},
		{whole, "net/http.(*conn).serve", "/usr/local/go/src/net/http/server.go", true},
		{whole, "vendor/golang.org/x/net/dns/dnsmessage.(*Parser).Start",
			"/usr/local/go/src/vendor/golang.org/x/net/dns/dnsmessage/message.go", true},
		{whole, "golang.org/x/net/http2.(*Framer).ReadFrame", "/src/shop/vendor/golang.org/x/net/http2/frame.go", true},
		{whole, "example.com/beside.Do", "/src/beside/do.go", false},
		{whole, "example.com/forked.Do", "/root/go/pkg/mod/example.com/fork@v1.0.0/do.go", true},
		{whole, "gopkg.in/yaml%2ev3.(*parser).peek", "/root/go/pkg/mod/gopkg.in/yaml.v3@v3.0.1/parserc.go", true},
		{whole, "tools.Do", "/src/gopath/src/tools/do.go", false},
		{trimmed, "main.main", "example.com/shop/main.go", false},
		{trimmed, "runtime.gopark", "runtime/proc.go", true},
		{trimmed, "golang.org/x/net/http2.(*Framer).ReadFrame", "golang.org/x/net@v0.1.0/http2/frame.go", true},
		{trimmed, "slices.SortFunc[go.shape.[]example.com/shop/cart.Cart]", "slices/sort.go", true},
		{trimmed, "example.com/shop/cart.Each[go.shape.int]", "example.com/shop/cart/each.go", false},
		{bare, "shop/cart.Pay", "shop/cart/cart.go", false},
		{bare, "net/http.Get", "net/http/client.go", true},
	} {
		if got := row.of.library(row.function, row.file); got != row.library {
			t.Errorf("%s in %s: library is %v, want %v", row.function, row.file, got, row.library)
		}
	}
}

func TestNamesArePrintedWithoutTypeArguments(t *testing.T) {
	for name, want := range map[string]string{
		"main.main":                         "main.main",
		"main.each[go.shape.int].func1":     "main.each[...].func1",
		"main.pair[go.shape.[]int,string]":  "main.pair[...]",
		"gopkg.in/yaml%2ev3.(*parser).peek": "gopkg.in/yaml.v3.(*parser).peek",
		"broken]name[":                      "broken]name[",
	} {
		if got := printed(name); got != want {
			t.Errorf("%s is printed %s, want %s", name, got, want)
		}
	}
}
