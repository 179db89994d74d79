package service

import "github.com/watchbell/watchbell/commands/register"

// Kind is the kind of services.
func (r *Register) Kind() register.Kind[Service] { return r.kind() }
