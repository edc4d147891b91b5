// Package input opens the files that a person names: bounded, and without waiting for one that never ends. It does not
// know what is in them, save that YAML is text of a bounded depth, with keys and values.
package input
