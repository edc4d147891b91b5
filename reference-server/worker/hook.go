package worker

// hook says that one of the guide's hooks of the worker was reached. Its command, if it has one, is started by the
// arbiter: a worker that is about to die cannot wait for it.
func (w *Worker) hook(name string) { w.tell("hook", "name", name) }
