package diagnose

// awaits tells them for people and programs, at most 16.
func awaits(x sight, p *process) []Await {
	var out []Await
	for _, st := range x.awaited(p) {
		if len(out) == 16 {
			break
		}
		a := Await{Count: max(st.Count, 1), Age: x.now - x.askedAt(p, st), Stack: st.Frames, Where: st.own(),
			Least: x.askedAt(p, st) == st.first}
		if st.Wait != nil {
			a.What, a.Name = st.Wait.On, st.Wait.Name
		}
		if st.Request != nil {
			a.Request = requestWords(*st.Request)
		}
		out = append(out, a)
	}
	if x.upstreamWaits(p) {
		for _, one := range p.upstream.Waits {
			a := Await{Count: one.Count, Age: one.Oldest, Least: one.Oldest == 0, What: "answer of upstream",
				Name: one.Remote}
			if one.Oldest > 0 {
				a.Age += x.now - p.upAt
			}
			if len(one.Peers) > 0 {
				a.Name += ", " + peers(one.Peers)
			}
			out = append(out, a)
		}
	}
	return out
}
