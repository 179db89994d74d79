package value

import (
	"math/rand/v2"
	"testing"
)

// Letters never tell that two words are farther apart than they are: nothing near is passed over.
func TestLettersAreNoFartherApartThanWords(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() []rune {
		w := make([]rune, r.IntN(9))
		for i := range w {
			w[i] = []rune("abcABé√")[r.IntN(7)]
		}
		return w
	}
	for range 5000 {
		a, b := word(), word()
		if n, d := lettersOf(a).apart(string(b)), distance(a, b); n > d {
			t.Fatalf("%q and %q are %d apart, not %d", string(a), string(b), d, n)
		}
	}
}
