package look

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what a component with an ID does.
type Kind string

// The kinds of IDs, with how they are spelled.
const (
	PressID  Kind = "press"  // "<token>": carries out the action of the token
	AskID    Kind = "ask"    // "? <token>": asks whether somebody is sure; the answer is a button with a PressID
	MoreID   Kind = "more"   // "more": the menu More, whose options have PressIDs as their values
	CancelID Kind = "cancel" // "cancel": takes a question back
	StepID   Kind = "step"   // "step <offset> <token>": opens the form's modal at the input number Offset
	FixID    Kind = "fix"    // "fix <i.j.k> <token>": opens a modal with just these inputs
	SendID   Kind = "send"   // "send <token>": sends the form off as it stands
	FormID   Kind = "form"   // "form <next> <token>": a modal; Next inputs are asked before the rest, or "-" for none
)

// maxID is the most characters of a custom_id; all of ours are ASCII.
const maxID = 100

// TokenSize is how many bytes the token of an action may have: what tells equal ones apart, and those that ask first,
// takes the others of a custom_id.
const TokenSize = maxID - len("?99 ")

// NoNext is the Next of a form that asks nothing more.
const NoNext = -1

// ID is what a custom_id of ours says. It grants nothing: its token is resolved like any other.
type ID struct {
	Kind   Kind
	Token  string // of an action or a form
	Number int    // of equal ones in a message, from 0; custom_ids have to differ
	Offset int    // of a StepID: the input that the step begins with
	Inputs []int  // of a FixID: which inputs are asked
	Next   int    // of a FormID: the first input that is still to be asked afterwards, NoNext for none
}

// String is the custom_id.
func (id ID) String() string {
	number := ""
	if id.Number > 0 {
		number = strconv.Itoa(id.Number)
	}
	switch id.Kind {
	case PressID:
		return strings.TrimLeft(number+" "+id.Token, " ")
	case AskID:
		return "?" + number + " " + id.Token
	case MoreID:
		return strings.TrimRight("more "+number, " ")
	case CancelID:
		return "cancel"
	case StepID:
		return fmt.Sprintf("step %d %s", id.Offset, id.Token)
	case FixID:
		return "fix " + dotted(id.Inputs) + " " + id.Token
	case SendID:
		return "send " + id.Token
	case FormID:
		if id.Next == NoNext {
			return "form - " + id.Token
		}
		return fmt.Sprintf("form %d %s", id.Next, id.Token)
	}
	return ""
}

func dotted(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ".")
}

// ReadID reads a custom_id, or the value of an option of More. One that is not ours is the zero ID.
func ReadID(s string) ID {
	id, err := readID(strings.Split(s, " "))
	if err != nil || id.String() != s { // each ID has one spelling
		return ID{}
	}
	return id
}

func readID(words []string) (id ID, err error) {
	first, last := words[0], words[len(words)-1]
	switch kind := Kind(first); {
	case last == "" || len(words) > 3:
		return ID{}, strconv.ErrSyntax
	case kind == MoreID && len(words) == 1, kind == CancelID && len(words) == 1:
		return ID{Kind: kind}, nil
	case kind == MoreID && len(words) == 2:
		id = ID{Kind: MoreID}
		id.Number, err = strconv.Atoi(last)
		return id, err
	case kind == SendID && len(words) == 2:
		return ID{Kind: SendID, Token: last}, nil
	case len(words) == 3:
		return readForm(kind, words[1], last)
	case len(words) == 1:
		return ID{Kind: PressID, Token: last}, nil
	}
	id = ID{Kind: PressID, Token: last}
	number, asks := strings.CutPrefix(first, "?")
	if asks {
		id.Kind = AskID
	}
	if number != "" {
		id.Number, err = strconv.Atoi(number)
	}
	return id, err
}

// readForm reads an ID of a form: where says which of its inputs are meant.
func readForm(kind Kind, where, token string) (id ID, err error) {
	id = ID{Kind: kind, Token: token}
	switch {
	case kind == StepID:
		id.Offset, err = strconv.Atoi(where)
	case kind == FormID && where == "-":
		id.Next = NoNext
	case kind == FormID:
		id.Next, err = strconv.Atoi(where)
	case kind == FixID:
		for word := range strings.SplitSeq(where, ".") {
			n, bad := strconv.Atoi(word)
			if bad != nil {
				return ID{}, bad
			}
			id.Inputs = append(id.Inputs, n)
		}
	default:
		return ID{}, strconv.ErrSyntax
	}
	if id.Offset < 0 || id.Next < NoNext {
		return ID{}, strconv.ErrRange
	}
	return id, err
}
