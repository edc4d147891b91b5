package php

// A server is what PHP runs in: "fpm-fcgi", "apache2handler", "cgi-fcgi", "cli", …
type server string

// pool says that the process is one of those that serve requests.
func (s server) pool() bool { return s.fastCGI() || s.apache() }

func (s server) fastCGI() bool { return s == "fpm-fcgi" || s == "cgi-fcgi" }

func (s server) apache() bool { return s == "apache2handler" }

// commandLine says that a program was started by hand, by cron or by a supervisor, and serves what it itself asks for.
// PHP's own web server is "cli-server".
func (s server) commandLine() bool { return s == "cli" }
