package main

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// Weekly reports have what registers add: contracts to decide with their money, the top risks, the time that vendors
// cost. What is restricted is not there, and is not summed up.
func TestReportsHaveTheChaptersOfRegisters(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newLeaving(t, url)
		for _, line := range []string{
			"/ops vendor add Datadog",
			`/ops contract add Monitoring vendor=VEN-1 start=2026-01-10 months=12 renewal=none value="100 EUR" per=month`,
			`/ops contract add Far vendor=VEN-1 start=2026-01-10 months=24 renewal=none value="900 EUR" per=month`,
			`/ops contract add Secret vendor=VEN-1 start=2026-01-10 months=12 renewal=none value="500 EUR" per=month ` +
				"visible=restricted",
			"/ops risk add Fire likelihood=4 impact=5", "/ops risk add Flood likelihood=1 impact=2",
			"/ops risk add Spy likelihood=5 impact=5 visible=restricted",
			"/incident declare Graphs are missing sev3",
			"/ops link VEN-1 caused INC-1",
		} {
			w.Do("mia", line)
		}
		w.Wait(90 * time.Minute)
		w.Do("ana", "/incident resolve INC-1 They restarted it")
		w.Wait(time.Minute)
		text := bottest.Text(w.Do("mia", "/report preview weekly this-week"))
		w.Contains(text, "Contracts to decide in 90 days (1)", "1,200.00 EUR a year", "CTR-1 Monitoring", "Sat 9 Jan 2027",
			"Top risks (2)", "RSK-1 Fire · 4 × 5 = 20, critical", "Time lost by vendors (1)", "VEN-1 Datadog: 1 h 30 min in INC-1")
		for _, hidden := range []string{"Secret", "Spy", "Far"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s is in:\n%s", hidden, text)
			}
		}
		w.Contains(bottest.Text(w.Do("mia", "/ops vendor card VEN-1")), "Time lost: 1 h 30 min")
	})
}
