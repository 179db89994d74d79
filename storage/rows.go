package storage

import (
	"slices"
)

func sortedUnique[S ~string](list []S) []S { return slices.Compact(slices.Sorted(slices.Values(list))) }

func appendRows[R any](rows []any, list []R) []any {
	for i := range list {
		rows = append(rows, &list[i])
	}
	return rows
}

// missing are the rows of a list that another does not have.
func missing[R comparable](list, from []R) []any {
	var rows []any
	for i := range list {
		if !slices.Contains(from, list[i]) {
			rows = append(rows, &list[i])
		}
	}
	return rows
}

// gone are the rows of a list whose names another does not have.
func gone[R any](list, from []R, name func(R) string) []any {
	var rows []any
	for i := range list {
		if !slices.ContainsFunc(from, func(r R) bool { return name(r) == name(list[i]) }) {
			rows = append(rows, &list[i])
		}
	}
	return rows
}
