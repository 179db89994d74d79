package storage_test

import (
	"testing"
	"time"

	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestALeaseIsOneOwnersAtATime(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.Open(t, url)
		hold := func(owner string, d time.Duration) bool {
			t.Helper()
			held, err := s.Hold(t.Context(), "gateway", owner, d)
			if err != nil {
				t.Fatal(err)
			}
			return held
		}
		release := func(owner string) {
			t.Helper()
			if err := s.Release(t.Context(), "gateway", owner); err != nil {
				t.Fatal(err)
			}
		}
		if !hold("a", time.Hour) || hold("b", time.Hour) || !hold("a", time.Hour) {
			t.Error("a lease that a holds is not a's alone")
		}
		if release("b"); hold("b", time.Hour) {
			t.Error("b gave up what a holds")
		}
		if release("a"); !hold("b", -time.Second) {
			t.Error("b has to wait for what a gave up")
		}
		if !hold("a", time.Hour) {
			t.Error("a lease that ran out is not taken over")
		}
	})
}
