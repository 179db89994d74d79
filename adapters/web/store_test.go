package web_test

import (
	"testing"

	"github.com/watchbell/watchbell/adapters/web/webtest"
)

// The store in memory behaves like the database.
func TestFakeStore(t *testing.T) {
	webtest.CheckStore(t, func(*testing.T) webtest.Store { return newFakeStore() })
}
