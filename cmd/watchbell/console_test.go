package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// reader is somebody who looks at the pages of a demo without script.
type reader struct {
	t       *testing.T
	address string
	client  *http.Client
}

func readerAs(t *testing.T, address, who string) *reader {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, []*http.Cookie{{Name: "watchbell_persona", Value: who, Path: "/"}})
	return &reader{t, strings.TrimRight(address, "/"), &http.Client{Jar: jar, Timeout: time.Minute}}
}

// shownPage is a page as it came.
type shownPage struct {
	status int
	path   string
	html   string
}

func (r *reader) get(path string) shownPage { r.t.Helper(); return r.do(http.MethodGet, path, nil) }

func (r *reader) do(method, path string, form url.Values) shownPage {
	r.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.address+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return shownPage{resp.StatusCode, resp.Request.URL.RequestURI(), string(data)}
}

var (
	hrefs  = regexp.MustCompile(`href="(/[^"]*)"`)
	forms  = regexp.MustCompile(`(?s)<form[^>]* method="post" action="/do".*?</form>`)
	fields = regexp.MustCompile(`<(?:input|button)[^>]* name="([^"]+)"(?: value="([^"]*)")?`)
)

// press sends the form of a page that has a text in it, with what is filled in.
func (r *reader) press(p shownPage, label string, filled map[string]string) shownPage {
	r.t.Helper()
	for _, form := range forms.FindAllString(p.html, -1) {
		if !strings.Contains(html.UnescapeString(form), label) {
			continue
		}
		values := url.Values{}
		for _, f := range fields.FindAllStringSubmatch(form, -1) {
			if f[1] != "choice" {
				values.Set(f[1], html.UnescapeString(f[2]))
			}
		}
		for name, v := range filled {
			values.Set(name, v)
		}
		return r.do(http.MethodPost, "/do", values)
	}
	r.t.Fatalf("%s has no form with %q:\n%s", p.path, label, p.html)
	return shownPage{}
}

func (r *reader) sees(p shownPage, texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(p.html), text) {
			r.t.Errorf("%s does not say %q (%d):\n%s", p.path, text, p.status, p.html)
		}
	}
}

// An incident is declared, worked on and resolved on pages without any script. What was sent twice happens once, and
// what is refused comes back with all that was written.
func TestAnIncidentWithoutScript(t *testing.T) {
	t.Parallel()
	drives(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"))
	ana := readerAs(t, address, "ana")
	home := ana.get("/")
	ana.sees(home, "Waits for me", "Nothing waits for you.", "Open incidents", "On call and ahead")
	form := ana.get("/do/incident.declare?back=%2F")
	ana.sees(form, "Declare an incident")
	refused := ana.press(form, "Declare", map[string]string{"in.impact": "About one in five fails"})
	ana.sees(refused, "Title is needed", "About one in five fails")
	if refused.status != http.StatusUnprocessableEntity {
		t.Errorf("a form with an error has the status %d", refused.status)
	}
	fill := map[string]string{"in.title": "Checkout <b>returns</b> 502", "in.severity": "sev2"}
	made := ana.press(refused, "Declare", fill)
	ana.sees(made, "Declared INC-1", "About one in five fails")
	if !strings.HasPrefix(made.path, "/incidents/INC-1?") {
		t.Errorf("whoever declares an incident is led to %s", made.path)
	}
	if strings.Contains(made.html, "<b>returns</b>") {
		t.Error("a title became markup")
	}
	if again := ana.press(refused, "Declare", fill); !strings.HasPrefix(again.path, "/incidents/INC-1?") {
		t.Errorf("the same form sent again leads to %s", again.path)
	}
	page := ana.press(ana.get("/incidents/INC-1"), "Take lead", nil)
	ana.sees(page, "Lead", "Ana Ruiz")
	task := ana.press(ana.get("/do/incident.task?incident=INC-1&back=/incidents/INC-1"), "Add", map[string]string{
		"in.text": "Tell support", "in.person": "@ana",
	})
	ana.sees(task, "Tell support", "1 open")
	ana.sees(ana.press(task, "Done: Tell support", nil), "0 open")
	ana.sees(ana.get("/"), "Give an update", "you lead")
	long := ana.press(ana.get("/do/incident.resolve?incident=INC-1"), "Resolve", map[string]string{"in.summary": "short"})
	ana.sees(long, "at least 10 characters", "short</textarea>")
	ana.sees(ana.press(long, "Resolve", map[string]string{"in.summary": "Rolled back release 42"}), "INC-1")
	ana.sees(ana.get("/incidents/INC-1"), "Resolved", "Rolled back release 42")
	ana.sees(ana.get("/incidents/INC-1/post-mortem"), "To be written.", "Timeline")
	for name, holds := range map[string]string{"md": "# INC-1: ", "html": "<h1>INC-1: Checkout &lt;b&gt;", "json": `"id": "INC-1"`} {
		if file := ana.get("/incidents/INC-1/INC-1." + name); !strings.Contains(file.html, holds) {
			t.Errorf("the %s file: %d %s", name, file.status, file.html)
		}
	}
	if csv := ana.get("/incidents?which=all&format=csv"); !strings.HasPrefix(csv.html, "Incident,Severity") {
		t.Errorf("CSV: %s", csv.html)
	}
	if got := ana.get("/incidents/INC-9"); got.status != http.StatusNotFound {
		t.Errorf("an incident that does not exist: %d", got.status)
	}
}

// A request for a change is checked as often as somebody likes before it is sent: that does nothing, and keeps all that
// was filled in. Whoever is asked decides on its page, and nobody else is offered a vote.
func TestAChangeWithoutScript(t *testing.T) {
	t.Parallel()
	drives(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"))
	dan := readerAs(t, address, "dan")
	at := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	fill := map[string]string{
		"in.title": "Resize the database", "in.service": "payments", "in.env": "prod", "in.start": at + "T22:00",
		"in.end": at + "T23:00", "check": "yes",
	}
	checked := dan.press(dan.get("/do/change.new"), "Check again", fill)
	dan.sees(checked, "Still missing", "service of tier 1", "In the way", `value="Resize the database"`, at+"T23:00")
	if got := dan.get("/changes?which=all"); strings.Contains(got.html, "CHG-1") {
		t.Error("a check made a change")
	}
	fill["in.why"], fill["in.plan"], fill["in.backout"] = "Queries time out", "Fail over, resize", "Fail back"
	checked = dan.press(checked, "Check again", fill)
	dan.sees(checked, "Who has to agree", "can decide: ", "Ben Okafor</span>")
	delete(fill, "check")
	form := strings.ReplaceAll(checked.html, `name="check" value="yes"`, "") // the other button is pressed
	checked.html = form
	made := dan.press(checked, "Request", fill)
	dan.sees(made, "Resize the database", "Waits for approval")
	if strings.Contains(made.html, "Your decision") {
		t.Error("whoever requests a change is asked to decide about it")
	}
	ben := readerAs(t, address, "ben")
	ben.sees(ben.get("/"), "Waits for me", "Resize the database", "Decide")
	page := ben.get("/changes/CHG-1")
	ben.sees(page, "Your decision", "Do you approve this plan?")
	confirm := ben.get(html.UnescapeString(regexp.MustCompile(`href="(/do/change\.approve[^"]*)"`).FindStringSubmatch(page.html)[1]))
	ben.sees(ben.press(confirm, "Approve", nil), "Agreed")
}

// Opening an address never does anything, and no address of elsewhere is led back to.
func TestAddressesDoNothing(t *testing.T) {
	t.Parallel()
	drives(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"))
	ana := readerAs(t, address, "ana")
	if got := ana.get("/do/incident.declare?title=Made+by+a+link&severity=sev1"); got.status != http.StatusOK {
		t.Errorf("a form filled by its address: %d", got.status)
	}
	if got := ana.get("/incidents?which=all"); strings.Contains(got.html, "Made by a link") {
		t.Error("an address declared an incident")
	}
	for _, back := range []string{"https://example.com/", "//example.com", `/\example.com`, "javascript:alert(1)"} {
		p := ana.get("/do/incident.declare?back=" + url.QueryEscape(back))
		ana.sees(p, `<a href="/">Back</a>`, `name="back" value="/"`)
	}
	for _, bad := range []url.Values{{}, {"token": {"x"}}, {"token": {strings.Repeat("x", 5000)}, "id": {"abcdefgh"}}} {
		if got := ana.do(http.MethodPost, "/do", bad); got.status != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, got.status)
		}
	}
}

// aside are addresses that are no page of the console.
var aside = regexp.MustCompile(`^/(c|to|assets|file|report|card)/|format=csv|/INC-\d+\.|/(csv|html)$`)

// largest is how large a page may be.
const largest = 150_000

// Whoever follows the links that a page offers never reaches one that is forbidden, missing or broken, whatever roles
// they have, and no page is large.
func TestEveryLinkOfEveryRoleLeadsSomewhere(t *testing.T) {
	t.Parallel()
	drives(t)
	address, _ := startDemo(t, filepath.Join(t.TempDir(), "data"), "--history")
	mia := readerAs(t, address, "mia")
	for deadline := time.Now().Add(time.Minute); !strings.Contains(mia.get("/reports").html, `href="/reports/R-1"`); {
		if time.Now().After(deadline) {
			t.Fatal("no hand-over was written")
		}
		<-time.After(50 * time.Millisecond)
	}
	mia.sees(mia.get("/reports/R-1"), "Hand-over", "<svg", `href="/reports/R-1/csv"`, `href="/reports/R-1/html"`)
	mia.sees(mia.get("/reports/R-1/csv"), "report,Hand-over")
	people := []string{"ana", "ben", "chloe", "dan", "mia"}
	for _, who := range people {
		t.Run(who, func(t *testing.T) {
			r := readerAs(t, address, who)
			seen, kinds := map[string]bool{"/": true}, map[string]int{}
			for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
				p := r.get(queue[0])
				if p.status != http.StatusOK {
					t.Errorf("%s is offered a link to %s, which answers %d", who, queue[0], p.status)
					continue
				}
				if len(p.html) > largest {
					t.Errorf("%s has %d bytes", queue[0], len(p.html))
				}
				for _, m := range hrefs.FindAllStringSubmatch(p.html, -1) {
					path := html.UnescapeString(m[1])
					kind := regexp.MustCompile(`\d+`).ReplaceAllString(strings.Split(path, "&back=")[0], "N")
					if seen[path] || aside.MatchString(path) || kinds[kind] == 2 {
						continue
					}
					seen[path] = true
					kinds[kind]++
					queue = append(queue, path)
				}
			}
			if len(seen) < 20 {
				t.Errorf("%s reaches %d pages only", who, len(seen))
			}
			for _, kind := range []string{"/incidents/INC-N", "/changes/CHG-N", "/reports/R-N"} {
				if kinds[kind] == 0 {
					t.Errorf("%s reaches no %s", who, kind)
				}
			}
			t.Log(fmt.Sprint(len(seen), " pages"))
		})
	}
}
