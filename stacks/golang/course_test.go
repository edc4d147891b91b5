package golang

import "testing"

func TestCourse(t *testing.T) {
	for name, row := range map[string]struct {
		functions []string
		want      bool
	}{
		"the main function sleeps":            {[]string{"time.Sleep", "main.main", "runtime.main"}, true},
		"a goroutine of the application's":    {[]string{"runtime.chanrecv1", "main.write", "runtime.goexit"}, true},
		"one of a group":                      {[]string{"main.fetch", "golang.org/x/sync/errgroup.(*Group).Go.func1"}, true},
		"a walk over files":                   {[]string{"os.Open", "main.read", "path/filepath.walk", "main.main"}, true},
		"a command":                           {[]string{"main.run", "github.com/spf13/cobra.(*Command).execute", "main.main"}, true},
		"a handler":                           {[]string{"time.Sleep", "main.pay", "net/http.HandlerFunc.ServeHTTP"}, false},
		"a handler of a library":              {[]string{"main.job", "github.com/hibiken/asynq.(*processor).perform"}, false},
		"a library's goroutine":               {[]string{"runtime.gopark", "net/http.(*persistConn).readLoop"}, false},
		"the runtime's, whose stack is empty": {nil, false},
	} {
		if got := course(library(row.functions...)); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
