package ruby

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

func TestCourse(t *testing.T) {
	gem := func(name string) string { return "/var/lib/gems/3.1.0/gems/" + name }
	for sentence, row := range map[string]struct {
		frames []string // "Kernel#sleep", or "<main> /srv/app.rb"
		own    bool
		idle   bool
	}{
		"the program sleeps in a loop": {[]string{"Kernel#sleep", "block in <main> /srv/app.rb", "Kernel#loop <internal:kernel>",
			"<main> /srv/app.rb"}, true, false},
		"it asks another server": {[]string{"IO#wait_readable", "Net::HTTP#get /usr/lib/ruby/3.1.0/net/http.rb", "ask /srv/app.rb"},
			true, false},
		"a block of the standard library": {[]string{"IO#wait_readable", "Net::HTTP#get /usr/lib/ruby/3.1.0/net/http.rb",
			"block in ask /srv/app.rb", "Net::HTTP#start /usr/lib/ruby/3.1.0/net/http.rb", "ask /srv/app.rb"}, true, false},
		"an object that is called over the network": {[]string{"Kernel#sleep", "pay /srv/app.rb",
			"perform /usr/lib/ruby/3.1.0/drb/drb.rb"}, false, false},
		"a package of the system": {[]string{"Kernel#sleep", "pay /srv/app.rb",
			"call /usr/lib/ruby/vendor_ruby/phusion_passenger/rack/thread_handler_extension.rb"}, false, false},
		"a task of Rake": {[]string{"Kernel#sleep", "block in <top (required)> /srv/Rakefile",
			"Rake::Task#execute " + gem("rake-13.0.6/lib/rake/task.rb"), "<top (required)> " + gem("rake-13.0.6/exe/rake"),
			"Kernel#load", "<main> /usr/local/bin/rake"}, true, false},
		"a worker of a library, by the file that RubyGems writes": {[]string{"IO#wait_readable",
			"run " + gem("sidekiq-6.4.1/lib/sidekiq/cli.rb"), "<top (required)> " + gem("sidekiq-6.4.1/bin/sidekiq"),
			"Kernel#load", "<main> /usr/local/bin/sidekiq"}, false, false},
		"its job": {[]string{"Kernel#sleep", "perform /srv/job.rb", "dispatch " + gem("sidekiq-6.4.1/lib/sidekiq/processor.rb")},
			false, false},
		"its own loop waits for a message": {[]string{"IO#wait_readable", "Redis#_bpop " + gem("redis-4.8.0/lib/redis/client.rb"),
			"Redis::Commands::Lists#blpop " + gem("redis-4.8.0/lib/redis/commands/lists.rb"), "<main> /srv/app.rb"}, true, true},
		"a library's loop waits for one": {[]string{"IO#wait_readable", "blpop " + gem("redis-4.8.0/lib/redis/commands/lists.rb"),
			"fetch " + gem("bees-1.0/lib/bees.rb"), "<main> /srv/app.rb"}, true, true},
		"a request's code does": {[]string{"IO#wait_readable", "blpop " + gem("redis-4.8.0/lib/redis/commands/lists.rb"),
			"call /srv/app.rb", "call " + gem("rack-2.2.22/lib/rack/head.rb")}, false, false},
	} {
		var frames []stacks.Frame
		for _, text := range row.frames {
			f := stacks.Frame{Function: text}
			if i := max(strings.LastIndex(text, " /"), strings.LastIndex(text, " <internal:")); i >= 0 {
				f.Function, f.File = text[:i], text[i+1:]
			}
			f.Library = f.File == "" || library(f.File)
			frames = append(frames, f)
		}
		if own, idle := course(frames), fetches(frames); own != row.own || idle != row.idle {
			t.Errorf("%s: in its own course %v, idle %v", sentence, own, idle)
		}
	}
}
