package tui

import (
	"fmt"
	"time"
)

// Limits of how often a screen is drawn.
const (
	shortestRefresh = 50 * time.Millisecond
	longestRefresh  = 5 * time.Second
)

// ParseRefresh reads how often a screen is to be drawn, as a person wrote it.
func ParseRefresh(text string) (time.Duration, error) {
	refresh, err := time.ParseDuration(text)
	if err != nil || refresh < shortestRefresh || refresh > longestRefresh {
		return 0, fmt.Errorf("%q: want a time from %v to %v such as 100ms", text, shortestRefresh, longestRefresh)
	}
	return refresh, nil
}
