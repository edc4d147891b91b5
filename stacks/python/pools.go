package python

import (
	"fmt"
	"path"
)

// taken names a pool with how many of its connections are out.
func (r *Reader) taken(w *wait, pool uint64, out, all int) {
	w.Object = pool
	name := path.Ext("." + r.typeOf(pool).name)[1:]
	if w.Name = name; all > 0 && out >= 0 {
		w.Name = fmt.Sprintf("%s, %d of %d taken", name, out, all)
	}
}

// queuePool reads SQLAlchemy's: its overflow begins at minus its size and counts the connections there are.
func queuePool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	queue := r.attribute(own, "_pool")
	size, ok := r.number(r.attribute(queue, "maxsize"))
	most, _ := r.number(r.attribute(own, "_max_overflow"))
	over, _ := r.number(r.attribute(own, "_overflow"))
	if !ok || most < 0 {
		r.taken(w, own, 0, 0)
		return
	}
	r.taken(w, own, size+over-max(0, r.size(r.attribute(queue, "queue"))), size+most)
}

func psycopgPool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	most, _ := r.number(r.attribute(own, "_max_size"))
	all, _ := r.number(r.attribute(own, "_nconns"))
	r.taken(w, own, all-max(0, r.size(r.attribute(own, "_pool"))), most)
}

func redisPool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	most, _ := r.number(r.attribute(own, "max_connections"))
	r.taken(w, own, most, most) // its queue is empty, or nobody would wait
}

func urllibPool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	most, _ := r.number(r.attribute(r.attribute(own, "pool"), "maxsize"))
	r.taken(w, own, most, most)
}
