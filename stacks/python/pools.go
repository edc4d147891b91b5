package python

import (
	"fmt"
	"path"
)

// A poolReader reads the pools of connections that libraries have.
type poolReader struct{ objects *objectReader }

// taken names a pool with how many of its connections are out.
func (p *poolReader) taken(w *wait, pool uint64, out, all int) {
	w.Object = pool
	name := path.Ext("." + p.objects.typeOf(pool).name)[1:]
	if w.Name = name; all > 0 && out >= 0 {
		w.Name = fmt.Sprintf("%s, %d of %d taken", name, out, all)
	}
}

// sqlalchemy reads a QueuePool: its overflow begins at minus its size and counts the connections there are.
func (p *poolReader) sqlalchemy(own uint64, w *wait) {
	queue := p.objects.attribute(own, "_pool")
	size, ok := p.objects.number(p.objects.attribute(queue, "maxsize"))
	most, _ := p.objects.number(p.objects.attribute(own, "_max_overflow"))
	over, _ := p.objects.number(p.objects.attribute(own, "_overflow"))
	if !ok || most < 0 {
		p.taken(w, own, 0, 0)
		return
	}
	p.taken(w, own, size+over-max(0, p.objects.size(p.objects.attribute(queue, "queue"))), size+most)
}

// psycopg reads psycopg_pool's.
func (p *poolReader) psycopg(own uint64, w *wait) {
	most, _ := p.objects.number(p.objects.attribute(own, "_max_size"))
	all, _ := p.objects.number(p.objects.attribute(own, "_nconns"))
	p.taken(w, own, all-max(0, p.objects.size(p.objects.attribute(own, "_pool"))), most)
}

// full reads a pool that has nothing left, or nobody would wait: most is the attribute that says how many it may have.
func (p *poolReader) full(own uint64, most string, w *wait) {
	n, _ := p.objects.number(p.objects.attribute(own, most))
	p.taken(w, own, n, n)
}

func (p *poolReader) urllib(own uint64, w *wait) {
	most, _ := p.objects.number(p.objects.attribute(p.objects.attribute(own, "pool"), "maxsize"))
	p.taken(w, own, most, most)
}
