// Package hosts finds the addresses of the hosts that an attack may send to, once, before anything is sent. What was
// judged is what is dialled: a name that leads elsewhere a moment later leads an attack nowhere else.
package hosts
