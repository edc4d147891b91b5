package worker

// hook runs what is configured for one of the guide's hooks of the worker.
func (w *Worker) hook(name string) { w.tell("hook", "name", name) }
