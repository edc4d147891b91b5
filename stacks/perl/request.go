package perl

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// maxParts bounds the parts of a path.
const maxParts = 64

// request is what a process works on, from the variable of the server's function that has it: of PSGI the environment, of
// Mojolicious the controller.
func request(view *foreign.View, l layout, calls []call) stacks.Request {
	for _, c := range calls {
		if c.code == 0 {
			continue
		}
		switch c.function {
		case "Plack::Util::run_app", "Starman::Server::dispatch_request":
			if q := asked(view, lexical(view, l, c.code, c.depth, "$env")); q.Path != "" {
				return q
			}
		case "Mojolicious::dispatch":
			if q := askedMojo(view, lexical(view, l, c.code, c.depth, "$c")); q.Path != "" {
				return q
			}
		}
	}
	return stacks.Request{}
}

// asked reads PSGI's environment.
func asked(view *foreign.View, env value) stacks.Request {
	all := members(view, env.referred(view), "REQUEST_METHOD", "REQUEST_URI", "PATH_INFO", "REMOTE_PORT")
	method, uri := all["REQUEST_METHOD"].text(view, 32), all["REQUEST_URI"].text(view, maxPath)
	if uri == "" {
		uri = all["PATH_INFO"].text(view, maxPath)
	}
	if method == "" || !strings.HasPrefix(uri, "/") {
		return stacks.Request{}
	}
	path, query, _ := strings.Cut(uri, "?")
	return stacks.Request{Method: method, Path: path, Query: query, Port: all["REMOTE_PORT"].number(view)}
}

// askedMojo reads the request of a controller. Its path is a text until something has taken it apart.
func askedMojo(view *foreign.View, controller value) stacks.Request {
	tx := member(view, controller, "tx")
	asked := members(view, member(view, tx, "req").referred(view), "method", "url")
	method, url := asked["method"].text(view, 32), asked["url"]
	if method == "" {
		return stacks.Request{}
	}
	at := members(view, member(view, url, "path").referred(view), "path", "parts", "trailing_slash")
	path := at["path"].text(view, maxPath)
	if parts := elements(view, at["parts"], maxParts); at["parts"].flags != 0 {
		path = ""
		for _, part := range parts {
			path += "/" + part.text(view, maxPath)
		}
		if path == "" || at["trailing_slash"].number(view) != 0 {
			path += "/"
		}
	}
	if !strings.HasPrefix(path, "/") {
		return stacks.Request{}
	}
	return stacks.Request{Method: method, Path: path, Query: member(view, url, "query", "string").text(view, maxPath),
		Port: member(view, tx, "remote_port").number(view)}
}
