package record

import (
	"slices"
)

// SortedUnique sorts a list and leaves out what is in it already.
func SortedUnique[S ~string](list []S) []S { return slices.Compact(slices.Sorted(slices.Values(list))) }

// AppendRows adds pointers to the rows of a list, as Digest and a commit take them.
func AppendRows[R any](rows []any, list []R) []any {
	for i := range list {
		rows = append(rows, &list[i])
	}
	return rows
}

// Missing are the rows of a list that another does not have.
func Missing[R comparable](list, from []R) []any {
	var rows []any
	for i := range list {
		if !slices.Contains(from, list[i]) {
			rows = append(rows, &list[i])
		}
	}
	return rows
}

// Gone are the rows of a list whose names another does not have.
func Gone[R any](list, from []R, name func(R) string) []any {
	var rows []any
	for i := range list {
		if !slices.ContainsFunc(from, func(r R) bool { return name(r) == name(list[i]) }) {
			rows = append(rows, &list[i])
		}
	}
	return rows
}
