package bot

import "context"

// Looker is who looks: the person for whom a request is carried out, or to whom choices are offered.
type Looker struct {
	Person Person
	Rights Grants
}

// May reports whether they have a permission.
func (l Looker) May(permission string) bool { return l.Rights.Allow(l.Person, permission) }

type lookerKey struct{}

// Looking is a context in which l looks.
func Looking(ctx context.Context, l Looker) context.Context {
	return context.WithValue(ctx, lookerKey{}, l)
}

// LookerOf is who looks in a context. Where nobody does, it is somebody who may do nothing.
func LookerOf(ctx context.Context) Looker {
	l, _ := ctx.Value(lookerKey{}).(Looker)
	return l
}
