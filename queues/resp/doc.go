// Package resp speaks to a Redis server, by the second version of its protocol (redis.io/docs/latest/develop/reference/protocol-spec):
// commands and their answers, several in one go, and subscriptions. It knows no command.
package resp
