package value

import "strings"

// Nearest returns the candidate that word is most likely a slip of, for "did
// you mean". Case does not matter. A candidate is close when it starts with
// word, or when its Damerau-Levenshtein distance is at most a third of word's
// length (and 1 for short words). The smallest distance wins, then the
// earlier candidate. Nearest returns "" when none is close or word is empty.
func Nearest(word string, candidates []string) string {
	if word == "" {
		return ""
	}
	lower := strings.ToLower(word)
	w := []rune(lower)
	limit := max(1, len(w)/3)

	letters := lettersOf(w)
	best, bestDistance := "", 0
	for _, candidate := range candidates {
		c := strings.ToLower(candidate)
		prefix := strings.HasPrefix(c, lower)
		// The letters alone tell that most candidates are too far away.
		if !prefix && letters.apart(c) > limit {
			continue
		}
		d := distance(w, []rune(c))
		if (prefix || d <= limit) && (best == "" || d < bestDistance) {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// letters counts how often a word has each letter. Some letters share a count, so two words are at least as far apart
// as their counts.
type letters [64]int16

func lettersOf(word []rune) *letters {
	var n letters
	for _, r := range word {
		n[r%64]++
	}
	return &n
}

// apart is how many letters at least are inserted, deleted or replaced to make one word the other.
func (n letters) apart(word string) int {
	for _, r := range word {
		n[r%64]--
	}
	missing, extra := 0, 0
	for _, count := range n {
		missing, extra = missing+int(max(count, 0)), extra+int(max(-count, 0))
	}
	return max(missing, extra)
}

// distance is the unrestricted Damerau-Levenshtein distance: the least number
// of insertions, deletions, replacements and swaps of neighbours, where the
// swapped letters may be edited further.
func distance(a, b []rune) int {
	// Row and column 0 hold a bound no path takes, so that the first swap
	// needs no special case; the distance of a[:i] and b[:j] is at [i+1][j+1].
	bound := len(a) + len(b)
	d := make([][]int, len(a)+2)
	for i := range d {
		d[i] = make([]int, len(b)+2)
		d[i][0], d[i][1] = bound, i-1
	}
	for j := range d[0] {
		d[0][j] = bound
		if j > 0 {
			d[1][j] = j - 1
		}
	}

	rowOf := map[rune]int{} // the last row whose letter this was
	for i := 1; i <= len(a); i++ {
		column := 0 // the last column of this row whose letters were equal
		for j := 1; j <= len(b); j++ {
			row, swapColumn := rowOf[b[j-1]], column
			cost := 1
			if a[i-1] == b[j-1] {
				cost, column = 0, j
			}
			d[i+1][j+1] = min(
				d[i][j]+cost,
				d[i+1][j]+1,
				d[i][j+1]+1,
				d[row][swapColumn]+(i-row-1)+1+(j-swapColumn-1),
			)
		}
		rowOf[a[i-1]] = i
	}
	return d[len(a)+1][len(b)+1]
}
