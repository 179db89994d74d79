package main

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// A newcomer keeps a vendor and a contract by the forms of the web chat, decides about the contract by its button, adds
// a service and declares an incident on it in the same minute, and hands somebody's things over.
func TestANewcomerKeepsRegisters(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"))
	b.do(chromedp.Navigate(address + "/c/incidents"))
	b.sees("Welcome to Watchbell")
	b.as("mia")
	b.say("/ops vendor add")
	b.sees("Add a vendor")
	b.shoot("registers-1-vendor-form")
	b.fill("name", "Datadog")
	b.press("dialog button", "Add")
	b.sees("VEN-1 Datadog")
	b.shoot("registers-2-vendor")
	b.say(`/ops contract add Monitoring vendor=VEN-1 start=2026-01-01 months=12 renewal=auto renewal-months=12 ` +
		`notice="1 month" value="12000 EUR" per=year`)
	b.sees("CTR-1 Monitoring")
	b.sees("VEN-1 Datadog")
	b.shoot("registers-3-contract")
	b.say("/ops contract edit CTR-1")
	b.sees("Edit a contract")
	b.shoot("registers-4-edit")
	b.fill("notes", "Signed by Mia")
	b.press("dialog button", "Save")
	b.sees("Signed by Mia")
	b.say("/ops service add Ledger description=\"books every payment\" key=ledger")
	b.sees("ledger Ledger")
	b.say("/incident declare The ledger is late sev3 service=ledger")
	b.sees("Declared INC-1 (SEV3): The ledger is late. Services: ledger.")
	b.say("/ops risk heat")
	b.sees("Heat map of risks")
	b.shoot("registers-5-heat")
	b.say("/ops handover @mia @ana")
	b.sees("handed over to Ana Ruiz")
	b.shoot("registers-6-handover")
	b.say("/ops")
	b.sees("what we signed, and when it renews")
	b.shoot("registers-7-help")
}
