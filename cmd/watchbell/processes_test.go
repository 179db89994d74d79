package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// .ci/test runs the tests that drive processes beside all others. processes are the names on its list.
var processes = sync.OnceValues(func() ([]string, error) {
	data, err := os.ReadFile(filepath.Join("..", "..", ".ci", "processes"))
	return strings.Fields(string(data)), err
})

// drove are the tests that started a process.
var drove sync.Map

// drives notes that a test drives a process. Under the race detector, which sees this process only, a test that is not
// on the list fails: it would run there for nothing.
func drives(t *testing.T) {
	t.Helper()
	list, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	drove.Store(name, true)
	if raceDetector && !slices.Contains(list, name) {
		t.Errorf("%s drives a process: add it to .ci/processes", name)
	}
}

// undriven are the tests on the list that ran without a process, and so without the race detector for nothing. Only the
// run that is about processes knows that.
func undriven() error {
	if _, worker := millOfEnv(); worker || os.Getenv("WATCHBELL_PROCESSES") == "" || testing.Short() {
		return nil
	}
	list, err := processes()
	list = slices.DeleteFunc(list, func(name string) bool { _, ok := drove.Load(name); return ok })
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("take off .ci/processes what starts no process, or is no test: %s", strings.Join(list, ", "))
	}
	return err
}
