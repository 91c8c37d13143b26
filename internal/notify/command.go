package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"time"
)

// Command starts a program, without a shell, that reads the message's result as JSON from standard
// input.
type Command struct {
	Args        []string // the program and its arguments
	Environment []string // NAME=value
	Limit       time.Duration
}

// Send starts the program once: it may have done a part of its work when it fails. Exit code 0
// within the time limit is success.
func (c Command) Send(ctx context.Context, m *Message) error {
	text, err := json.Marshal(m.Result)
	if err != nil {
		return fmt.Errorf("encoding the message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	//nolint:gosec // the program is the user's own setting
	program := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	program.Env, program.Stdin = c.Environment, bytes.NewReader(append(text, '\n'))
	program.WaitDelay = time.Second // a process that the program left behind may keep its output open
	var printed bytes.Buffer
	program.Stdout, program.Stderr = &printed, &printed
	err = program.Run()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // with ErrWaitDelay, the program itself succeeded
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("%s was stopped after %s", c.Args[0], c.Limit)
	case ctx.Err() != nil:
		err = fmt.Errorf("%s was stopped, because auditor is stopping", c.Args[0])
	default:
		err = fmt.Errorf("%s: %w", c.Args[0], err)
	}
	if printed.Len() > 0 {
		err = fmt.Errorf("%w; it printed: %s", err, excerpt(&url.URL{}, printed.String()))
	}
	return err
}

// Check looks for the program.
func (c Command) Check(context.Context) (string, error) {
	path, err := exec.LookPath(c.Args[0])
	return path + " can be started", err
}
