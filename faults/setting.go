package faults

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// readSetting is what a file of the kernel says; empty where it cannot be read.
func readSetting(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// writeSetting sets a file of the kernel that exists already.
func writeSetting(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// settingLists says whether a file of the kernel has a word.
func settingLists(path, word string) (bool, error) {
	text, err := os.ReadFile(path)
	return slices.Contains(strings.Fields(string(text)), word), err
}
