// Package metrics counts: rates, response times and tasks, from the history alone. docs/metrics.md defines each figure.
//
// It judges nothing.
package metrics
