// Package ledger is the client's side of the books of tasks: a server accepts a task with 202 and an id, and the ledger
// asks until it knows how the task ended.
//
// It sends no hits, and believes of a task only what the server says.
package ledger
