// Package faults does harm on purpose and always mends it: each fault is made known to a guardian process before it
// exists, is seen in effect before it is said to be, and is seen to be gone before it is said to be healed. It does
// not judge what the harm did; it harms only what it was pointed at.
package faults
