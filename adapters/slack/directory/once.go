package directory

import (
	"context"
	"fmt"

	"golang.org/x/sync/singleflight"
)

// once lets callers that ask for the same at the same time share one answer. Each waits as long as its own ctx lets it;
// the question goes on for the others.
func once[T any](
	ctx context.Context, group *singleflight.Group, key string, ask func(context.Context) (T, error),
) (T, error) {
	answer := group.DoChan(key, func() (got any, err error) {
		defer func() {
			if p := recover(); p != nil { // it runs in a goroutine of its own
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return ask(context.WithoutCancel(ctx))
	})
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case r := <-answer:
		if r.Err != nil {
			return none, r.Err
		}
		got, _ := r.Val.(T)
		return got, nil
	}
}
