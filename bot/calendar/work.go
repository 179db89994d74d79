package calendar

import "errors"

// maxWork bounds what the repetitions of a file cost. A unit is about as much as asking the library for one year of one
// rule, some 20 µs.
const maxWork = 20_000

var errWork = errors.New("its repeating events take too long to work out. Export single shifts, or fewer events")

// work counts what is done, by units and not by a clock: the same file has the same answer on every machine.
type work struct {
	left  int
	small int   // a hundred of these are a unit
	err   error // once it is too much
}

// do reports whether there is room for n more units.
func (w *work) do(n int) bool {
	if w.left -= n; w.left < 0 {
		w.err = errWork
	}
	return w.err == nil
}

// count is do for what costs next to nothing, like reading one more date of a list.
func (w *work) count() bool {
	w.small++
	return w.do(w.small % 100 / 99)
}
