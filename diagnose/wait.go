package diagnose

import "fmt"

// userWait says what a piece of work waits for by its runtime's account: "the lock registry", "a connection of
// QueuePool, 2 of 2 taken"; empty: that is not known.
// lockInRedis is what a runtime's reader calls a key of Redis that stands for a lock.
const lockInRedis = "lock in Redis"

func userWait(st *stack) string {
	if st == nil || st.Wait == nil || st.Wait.On == "" {
		return ""
	}
	name := st.Wait.Name
	switch on := st.Wait.On; on {
	case "pool":
		if name == "" {
			return "a connection of a pool"
		}
		return "a connection of " + name
	case "queue":
		return article("an item of the queue", "an item of a queue", name)
	case "room":
		return article("room in the full queue", "room in a full queue", name)
	case "sleep":
		return "a sleep to end"
	case "thread":
		return article("the end of thread", "the end of a thread", name)
	case "child":
		if name != "" {
			return "a process that it started, " + name
		}
		return "a process that it started"
	case "executor":
		return "a job of an executor"
	case "task", "future", "event", "barrier", "condition", "semaphore", "lock", "monitor", "channel":
		return article("the "+on, "a "+on, name)
	default:
		return article("the "+on, "a "+on, name)
	}
}

func article(the, a, name string) string {
	if name == "" {
		return a
	}
	return the + " " + name
}

func taskWord(st *stack) string {
	if st.Kind == "" || st.Kind == "thread" {
		return "task"
	}
	return st.Kind
}

func nameOf(st *stack) string {
	if st.Name != "" {
		return fmt.Sprintf("%s %q", taskWord(st), st.Name)
	}
	return fmt.Sprintf("%s %d", taskWord(st), st.ID)
}
