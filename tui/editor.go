package tui

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Edit opens a file in the person's editor, and waits until it is left.
func Edit(ctx context.Context, file string) error {
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	// Through a shell, because $EDITOR may hold options.
	editing := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", file)
	editing.Stdin, editing.Stdout, editing.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := editing.Run(); err != nil {
		return fmt.Errorf("%s %s: %w; set EDITOR to the editor that you want", editor, file, err)
	}
	return nil
}
