package main

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/storage"
)

// step is something that a server does when it starts.
type step struct {
	what string
	do   func(context.Context) error
}

// begin does a step of the start. When nothing can be written just now, because the disk is full for example, the start
// goes on without it, for reading is worth a lot in an emergency, and the step is done as soon as it can be.
func (a *app) begin(ctx context.Context, what string, do func(context.Context) error) error {
	err := do(ctx)
	if err == nil || !storage.CannotWrite(err) {
		return err
	}
	a.log.Error("nothing can be recorded just now; the start goes on, and this is done later", "step", what, "error", err)
	a.postponed = append(a.postponed, step{what, do})
	return nil
}

// How often it is tried again to do what was postponed.
const postponedEvery = 5 * time.Second

// catchUp does what was postponed, in its order, until all is done or ctx ends.
func (a *app) catchUp(ctx context.Context) {
	for len(a.postponed) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(postponedEvery):
		}
		for len(a.postponed) > 0 {
			s := a.postponed[0]
			err := s.do(ctx)
			if storage.CannotWrite(err) || ctx.Err() != nil {
				break
			}
			if err != nil {
				a.log.Error("a step of the start was given up", "step", s.what, "error", err)
			} else {
				a.log.Info("a step of the start was done late", "step", s.what)
			}
			a.postponed = a.postponed[1:]
		}
	}
}
