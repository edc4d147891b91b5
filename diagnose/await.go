package diagnose

// awaits tells them for people and programs, at most 16.
func (f explainer) awaits(p *process) []Await {
	var out []Await
	for _, st := range f.awaited(p) {
		if len(out) == 16 {
			break
		}
		a := Await{Count: max(st.Count, 1), Age: f.now - f.askedAt(p, st), Stack: st.Frames, Where: st.own(),
			Least: f.askedAt(p, st) == st.first}
		if st.Wait != nil {
			a.What, a.Name = st.Wait.On, st.Wait.Name
		}
		if st.Request != nil {
			a.Request = requestWords(*st.Request)
		}
		out = append(out, a)
	}
	if f.upstreamWaits(p) {
		for _, one := range p.upstream.Waits {
			a := Await{Count: one.Count, Age: one.Oldest, Least: one.Oldest == 0, What: "answer of upstream", Name: one.Remote}
			if one.Oldest > 0 {
				a.Age += f.now - p.upAt
			}
			if len(one.Peers) > 0 {
				a.Name += ", " + peers(one.Peers)
			}
			out = append(out, a)
		}
	}
	return out
}
