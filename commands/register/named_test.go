package register_test

import (
	"testing"

	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// The name of a record alone shows it, as its id does, to those who may see it and where one alone is called so.
func TestARecordIsShownByItsName(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.Done(w.Do("dan", "/ops gadget add Desk lamp maker=Acme"))
		w.Done(w.Do("mia", "/ops gadget add Safe maker=Acme visible=restricted"))
		for _, line := range []string{"/ops GDG-1", "/ops Desk lamp", "/ops desk LAMP", "/ops show Desk lamp"} {
			w.Contains(bottest.Text(w.Do("dan", line)), "GDG-1 Desk lamp")
		}
		w.Contains(bottest.Text(w.Do("mia", "/ops safe")), "GDG-2 Safe")
		for _, line := range []string{"/ops safe", "/ops nothing", "/ops lamp"} {
			w.Refused("dan", line, "There is no")
		}
		w.Done(w.Do("dan", "/ops gadget add Desk lamp maker=Acme"))
		w.Refused("dan", "/ops Desk lamp", "There is no")
	})
}
