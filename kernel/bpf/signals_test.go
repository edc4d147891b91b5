package bpf

import "testing"

const someFormat = `name: signal_generate
ID: 261
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:int sig;	offset:8;	size:4;	signed:1;
	field:char comm[16];	offset:20;	size:16;	signed:0;
	field:pid_t pid;	offset:36;	size:4;	signed:1;
	field:long result;	offset:48;	size:8;	signed:1;
`

func TestEventField(t *testing.T) {
	for name, want := range map[string]int16{"sig": 8, "pid": 36, "common_pid": 4, "result": -1, "code": -1, "": -1} {
		got, ok := eventField([]byte(someFormat), name)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is at %d, want %d", name, got, want)
		}
	}
}

func FuzzEventField(f *testing.F) {
	f.Add([]byte(someFormat), "sig")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if at, ok := eventField(text, name); ok && at <= 0 {
			t.Errorf("a field at %d", at)
		}
		if s, ok := parseHeard(text); ok && (s.PID < 0 || s.Sender < 0) {
			t.Errorf("a signal of nobody: %+v", s)
		}
	})
}
