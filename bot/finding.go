package bot

// Finding is one thing that an adapter looked at for watchbell doctor: how it stands and, if it is not good, what to do.
type Finding struct {
	Good bool
	What string
	Fix  string
}

// Fine is a Finding that is good.
func Fine(what string) Finding { return Finding{Good: true, What: what} }

// ToFix is a Finding that is not good, with what to do.
func ToFix(what, fix string) Finding { return Finding{What: what, Fix: fix} }
