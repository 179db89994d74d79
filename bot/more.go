package bot

// MaxButtons is how many buttons a message shows. The rest of its actions is in its menu More, on every platform.
const MaxButtons = 3

// MaxMoreToken is how many bytes the token of an entry of More may have: as many as the menus of all platforms take as
// the value of an option.
const MaxMoreToken = 75

// Offer splits the actions of a message, which are in the order of their use: the first ones are buttons, the others
// entries of its menu More.
func (m Message) Offer() (buttons, more []Action) {
	n := min(len(m.Actions), MaxButtons)
	for _, a := range m.Actions[n:] {
		more = append(more, a.Entry())
	}
	return m.Actions[:n], more
}

// Entry is an action as an entry of More. A menu holds no menus and asks no questions, so an action that has choices or
// asks whether somebody is sure opens its form there.
func (a Action) Entry() Action {
	a.Form = a.Form || a.Choose != "" || a.Confirm != ""
	a.Choose, a.Options, a.People, a.Confirm = "", nil, false, ""
	return a
}
