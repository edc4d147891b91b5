package probe

// stateName is a process state as text, without making a new one each time.
func stateName(state byte) string {
	const all = "RSDTtZXI"
	for i := range len(all) {
		if all[i] == state {
			return all[i : i+1]
		}
	}
	return string(rune(state))
}
