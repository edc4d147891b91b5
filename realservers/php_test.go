//go:build realservers

package realservers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// phpCases: php-fpm behind nginx. hangtime looks at php-fpm.
func phpCases() []realCase {
	return []realCase{
		{
			name:  "curl has no limit of time",
			serve: with(deafUpstream, fpm(4)),
			hang:  sticks("/pay", 7), after: hungLong,
			want: want{state: "hung", hung: 4, kinds: anAnswer, at: "shop.php#pay",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}, silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name:  "curl has no limit of time, and php-fpm listens at a unix socket",
			serve: with(deafUpstream, fpmAtSocket(4)),
			hang:  sticks("/pay", 7), after: hungLong,
			want: want{state: "hung", hung: 4, kinds: anAnswer, at: "shop.php#pay",
				says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`}, silent: []string{`long-poll`, `^healthy`}},
		},
		{
			name:  "two of four wait for a program that never ends",
			serve: fpm(4),
			hang:  sticks("/thumbnail", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: aChild, at: "shop.php#thumbnail",
				says: []string{`sleep 3600|child`}, silent: []string{`\(guess\)`}},
		},
		{
			name:  "two of four read from a program that waits for what they write",
			serve: fpm(4),
			hang:  sticks("/filter", 2), after: hungLong,
			want: want{state: "hung", hung: 2, kinds: aChild, at: "shop.php#filter", says: []string{`cat|child`}},
		},
		{
			name:  "SQLite asks again for a lock that another process keeps",
			serve: with(archivist, writableByAll, fpm(3)),
			hang:  sticks("/keep", 5), after: hungLong,
			want: want{state: "hung", hung: 3, at: "shop.php#keep", silent: []string{`saturated`, `^healthy`}},
		},
		{
			name:  "pages wait for a session that one page keeps",
			serve: with(deafUpstream, fpmAtSocket(4)),
			hang: with(sticks("/report", 1), func(s *stage) {
				s.wait(500 * time.Millisecond)
				s.stick("/basket", 3)
			}), after: hungLong,
			want: want{state: "hung", hung: 4, says: []string{`sess_customer7`, `held by`, `${shop.php#basket}`}},
		},
		{
			name:  "pages wait for a row that a forgotten transaction has locked",
			serve: with(bankAccount, forgetful, fpm(3)),
			hang:  sticks("/withdraw", 4), after: hungLong,
			want: want{state: "hung", hung: 3, kinds: anAnswer, at: "shop.php#withdraw", says: []string{`postgres:`}},
		},
		{name: "healthy: php-fpm without a request", serve: fpm(4), after: 4 * time.Second},
		{
			name:  "healthy: a page that takes 2.5 s, one of four at a time",
			serve: with(func(s *stage) { s.slow(2500 * time.Millisecond) }, fpm(4)),
			hang: func(s *stage) {
				s.load("/quote", 300*time.Millisecond)
				s.load("/ok", 100*time.Millisecond)
			}, after: 6 * time.Second,
		},
		{
			name: "healthy: a worker by its own loop waits for the next job of Redis",
			serve: with(redisServer, func(s *stage) {
				s.serve("php", s.app("php/own_loop.php"))
				s.said(s.server, "ready")
			}), after: hungLong,
		},
		{
			name:  "Apache with PHP inside: three processes wait for an answer",
			serve: with(deafUpstream, apachePHP),
			hang:  sticks("/pay", 4), after: hungLong,
			want: want{state: "hung", hung: 3, kinds: anAnswer, says: []string{`127\.0\.0\.1:${UPSTREAM}|answer`},
				silent: []string{`^healthy`}},
		},
	}
}

// fpm starts php-fpm with so many children at a port of its own, and nginx before it.
func fpm(children int) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		address := fmt.Sprintf("127.0.0.1:%d", freePort(s.t))
		s.launchFPM(children, address, address)
	}
}

func fpmAtSocket(children int) func(*stage) {
	return func(s *stage) {
		s.t.Helper()
		socket := filepath.Join(s.dir, "fpm.sock")
		s.launchFPM(children, socket, "unix:"+socket)
	}
}

func (s *stage) launchFPM(children int, listen, pass string) {
	s.t.Helper()
	s.set("FPM", listen)
	s.set("FASTCGI", pass)
	s.set("CHILDREN", strconv.Itoa(children))
	s.app("php/shop.php")
	sessions := filepath.Join(s.dir, "sessions")
	if err := os.Mkdir(sessions, 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(sessions, 0o777); err != nil {
		s.t.Fatal(err)
	}
	found, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(found) == 0 {
		s.t.Fatal("no php-fpm in /usr/sbin")
	}
	s.serve(found[len(found)-1], "-F", "-R", "-y", s.conf("php/fpm.conf"))
	s.start("nginx", "-c", s.conf("php/nginx.conf"))
	s.up("/ok")
}

// writableByAll opens the archive, and the folder for its journal, to the server's user.
func writableByAll(s *stage) {
	s.t.Helper()
	if out, err := exec.Command("chmod", "-R", "a+rwX", s.dir).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

func apachePHP(s *stage) {
	s.t.Helper()
	found, err := filepath.Glob("/usr/lib/apache2/modules/libphp*.so")
	if err != nil || len(found) == 0 {
		s.t.Fatal("Apache has no PHP")
	}
	s.set("PHP", found[len(found)-1])
	s.app("php/shop.php")
	s.apache("prefork", `
StartServers 3
ServerLimit 3
MaxRequestWorkers 3
LoadModule php_module @PHP@
AliasMatch ^/ @DIR@/shop.php
<Files shop.php>
SetHandler application/x-httpd-php
</Files>
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so`)
}
