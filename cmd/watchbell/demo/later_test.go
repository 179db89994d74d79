package demo_test

import (
	"testing"
	"time"

	"github.com/watchbell/watchbell/cmd/watchbell/demo"
)

func TestLessThanADayLaterIsExactlySoMuchLater(t *testing.T) {
	friday := time.Date(2026, 11, 27, 23, 0, 0, 0, time.UTC)
	if got := demo.LaterThan(friday, 2*time.Hour); !got.Equal(friday.Add(2 * time.Hour)) {
		t.Errorf("%s", got)
	}
	if got := demo.LaterThan(friday.AddDate(0, 0, -4), 48*time.Hour); !got.Equal(friday.AddDate(0, 0, -2)) {
		t.Errorf("%s", got)
	}
}
