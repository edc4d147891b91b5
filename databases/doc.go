// Package databases asks the databases that a server works with which of their sessions wait for which. It is told where
// they are and as whom to ask; it only reads, and ends nobody's session.
//
// Each database has a folder of its own. What one of them says is a list of history.Session, the same for all.
package databases
