package change

import (
	"slices"
	"strings"
)

func list[S ~string](l []S) string {
	texts := make([]string, len(l))
	for i, s := range l {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

func subset[S ~string](small, large []S) bool {
	for _, s := range small {
		if !slices.Contains(large, s) {
			return false
		}
	}
	return true
}

func shares[S ~string](a, b []S) bool {
	return slices.ContainsFunc(a, func(s S) bool { return slices.Contains(b, s) })
}

func sorted[S ~string](list []S) []S {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// texts are strings as the core takes them.
func texts[S ~string](list []S) []string {
	t := make([]string, len(list))
	for i, x := range list {
		t[i] = string(x)
	}
	return t
}

func keys[K ~string, V any](m map[K]V) []K {
	var k []K
	for key := range m {
		k = append(k, key)
	}
	return k
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
