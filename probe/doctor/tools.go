package doctor

import "os/exec"

// tools are programs of others that go well with hangtime, and whether they are here.
func tools() []Facility {
	all := []Facility{
		{Name: "py-spy", Gives: "a second opinion on Python stacks; hangtime reads them itself",
			Enable: "pip install py-spy"},
		{Name: "gunicorn", Gives: "the server that the guide is about", Enable: "apt-get install gunicorn"},
		{Name: "tmux", Gives: "a terminal that stays when a connection breaks", Enable: "apt-get install tmux"},
	}
	for i := range all {
		path, err := exec.LookPath(all[i].Name)
		if all[i].Here, all[i].OK = path, err == nil; err != nil {
			all[i].Here = "not found"
		}
	}
	return all
}
