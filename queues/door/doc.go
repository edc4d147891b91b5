// Package door is a queue as the load generator and its ledger know servers: an HTTP server on a unix socket that takes a
// task with POST /task/NAME and answers 202 when the broker has it, and says what became of tasks (GET /tasks?ids=…).
// So a queue gets its load by the same schedule, and is told in the same words, as any server.
package door
