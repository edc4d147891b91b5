package tasklogs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/history"
)

func TestTaskLogsAreCounted(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"async_tasks_11.log": `{"msg":"worker began"}
{"msg":"task accepted","id":"a"}
{"msg":"task started","id":"a"}
{"msg":"task done","id":"a"}
{"msg":"task started","id":"b"}
`,
		"async_tasks_12.log.1": `{"msg":"task started","id":"b"}
{"msg":"task sta{"msg":"task failed","id":"b"}
{"msg":"task failed","id":"c"}`,
		"other.log": "nothing of ours\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := (history.TaskLog{Files: 2, Lines: 8, Torn: 2, Started: 2, Ended: 1, Duplicated: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
