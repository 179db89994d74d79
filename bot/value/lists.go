package value

import (
	"slices"
	"strings"
)

// Listed is a list as people read it: a, b, c.
func Listed[S ~string](l []S) string {
	texts := make([]string, len(l))
	for i, s := range l {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

// Subset reports whether all of small are in large.
func Subset[S ~string](small, large []S) bool {
	for _, s := range small {
		if !slices.Contains(large, s) {
			return false
		}
	}
	return true
}

// Shares reports whether two lists have something in common.
func Shares[S ~string](a, b []S) bool {
	return slices.ContainsFunc(a, func(s S) bool { return slices.Contains(b, s) })
}

// Sorted is a copy in order, with each text once.
func Sorted[S ~string](list []S) []S {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Texts are names of a kind as plain strings.
func Texts[S ~string](list []S) []string {
	t := make([]string, len(list))
	for i, x := range list {
		t[i] = string(x)
	}
	return t
}
