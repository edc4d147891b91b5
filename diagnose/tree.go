package diagnose

// A Branch is a node of a graph as a line of a tree: how deep it lies, and how it is waited for.
type Branch struct {
	Node
	Depth int
	By    string // the edge that leads to it; empty: it is where all begins
	Back  bool   // it was passed already: there the circle closes
	Last  bool   // no other branch of the same depth comes after it below the same one
}

// Tree is the graph from its first node on, each node once; a node to which a circle or a second edge leads back is named
// again, and not followed.
func (g Graph) Tree() []Branch {
	if len(g.Nodes) == 0 {
		return nil
	}
	passed := make([]bool, len(g.Nodes))
	var all []Branch
	var walk func(at, depth int, by string, last bool)
	walk = func(at, depth int, by string, last bool) {
		all = append(all, Branch{g.Nodes[at], depth, by, passed[at], last})
		if passed[at] {
			return
		}
		passed[at] = true
		var out []Edge
		for _, e := range g.Edges {
			if e.From == at && e.To >= 0 && e.To < len(g.Nodes) {
				out = append(out, e)
			}
		}
		for i, e := range out {
			walk(e.To, depth+1, e.Label, i == len(out)-1)
		}
	}
	walk(0, 0, "", true)
	return all
}
