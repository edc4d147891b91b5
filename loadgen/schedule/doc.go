// Package schedule says when hit n is due and which target it goes to: rates over time, random arrivals, mixes,
// replays, and the timetable of an attack whose rate changes while it runs. It is arithmetic.
//
// It sends nothing and has no clock.
package schedule
