package run

import "testing"

func TestWhatNeedsLinuxSaysHowItIsHad(t *testing.T) {
	const before = `run needs Linux; in a container: docker run --rm -it -v "$PWD":/mnt -w /mnt hangtime run `
	const after = ` (README.md says how the image is made)`
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"log-contention", "--quick"}, "log-contention --quick"},
		{[]string{"./my file.yaml", "--set", "checks=[]"}, `"./my file.yaml" --set "checks=[]"`},
	} {
		if got := NeedsLinux("run", c.args).Error(); got != before+c.want+after {
			t.Error(got)
		}
	}
}
