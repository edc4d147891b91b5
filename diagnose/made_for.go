package diagnose

// madeFor says whether a thread was made when a request came that is inside: a server that has no pool, by its
// language's account, makes one for each connection. Where it has one, a thread that a request made is its helper.
func (v assignment) madeFor(p *process, t *threadState) bool {
	st := v.stackOf(p, t)
	if st == nil || st.Kind != "" || t.Age <= 0 || p.roleOf(t.ThreadSample) == mainThread {
		return false
	}
	for _, other := range p.stacks {
		if other.Pool || other.Request != nil {
			return false
		}
	}
	for _, age := range p.sample.Ages {
		if after := (t.at - t.Age) - (p.sampledAt - age); after >= -closerLook && after <= closerLook {
			return true
		}
	}
	return false
}
