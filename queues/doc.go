// Package queues is how hangtime speaks to task queues of others: it gives them tasks by their own wire formats, and asks
// their own stores what became of each.
//
// It says nothing about load, faults or time: package door is what the load generator hits, and the ledger asks.
package queues
