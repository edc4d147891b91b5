// Package tui shows reports on a terminal: while a run goes on, and again from its recording. It judges nothing and
// changes nothing: what it shows is in the report, and what a person asks for goes to the run as a call and comes
// back as an event.
package tui
