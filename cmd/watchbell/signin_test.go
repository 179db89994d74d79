package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/goccy/go-yaml"

	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// fromNothing is a server that was started with nothing but a few variables, in an empty folder.
type fromNothing struct {
	t    *testing.T
	dir  string
	env  []string
	out  *logBuffer
	stop func()
}

func startFromNothing(t *testing.T, dir string, env ...string) *fromNothing {
	t.Helper()
	s := &fromNothing{t: t, dir: dir, env: env, out: &logBuffer{}}
	cmd := exec.Command(binary(t), "serve")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), s.out, s.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	s.stop = func() { _ = cmd.Process.Signal(os.Interrupt); <-done }
	t.Cleanup(s.stop)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.out.String(), "Stop with Ctrl-C."); <-time.After(
		10 * time.Millisecond,
	) {
		if time.Now().After(deadline) {
			t.Fatalf("the server does not start: %s", s.out)
		}
	}
	return s
}

// link is the address that the server printed for the first administrator.
func (s *fromNothing) link() string {
	s.t.Helper()
	link := regexp.MustCompile(`http\S+/login/link/\S+`).FindString(s.out.String())
	if link == "" {
		s.t.Fatalf("no link was printed: %s", s.out)
	}
	return link
}

// cli runs the program beside the server.
func (s *fromNothing) cli(args ...string) (out string, code int) {
	s.t.Helper()
	cmd := exec.Command(binary(s.t), args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
	data, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(data), cmd.ProcessState.ExitCode()
}

// From an empty folder to an incident: one command, one link, one form.
func TestFromNothingInTheBrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	port := freePort(t)
	address := fmt.Sprintf("http://localhost:%d", port)
	s := startFromNothing(t, t.TempDir(), fmt.Sprintf("WATCHBELL_LISTEN=127.0.0.1:%d", port))
	for _, want := range []string{
		"Web       open    " + address, "Slack     closed  set SLACK_BOT_TOKEN", "Discord   closed", "API       closed",
		"There is no administrator yet",
	} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("%q was not printed: %s", want, s.out)
		}
	}
	if out, code := s.cli("doctor"); code != exitRefused || !strings.Contains(out, "nobody can reach this server") {
		t.Errorf("doctor, before there is anybody: %d %s", code, out)
	}
	b.do(chromedp.Navigate(strings.Replace(address, "localhost", "127.0.0.1", 1) + "/c/incidents"))
	b.sees("Sign in to Watchbell")
	b.wait(fmt.Sprintf("location.host === 'localhost:%d'", port))
	b.shoot("signin")
	b.do(chromedp.Navigate(s.link()))
	b.sees("You are the first administrator")
	b.shoot("first-admin")
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Ana Ruiz"), chromedp.SendKeys(chromedp.CSS("#email"), "ana@example.com\r"))
	b.sees("Welcome, Ana Ruiz")
	b.shoot("security")
	b.press("button", "Make ten recovery codes")
	b.sees("Keep these ten codes")
	b.wait("document.querySelectorAll('.codes code').length === 10")
	b.shoot("codes")
	b.do(chromedp.Navigate(address + "/c/incidents"))
	b.say("/incident declare Checkout returns 502 sev2")
	b.sees("Declared INC-1 (SEV2): Checkout returns 502.")
	if out, code := s.cli("doctor"); code != exitDone || !strings.Contains(out, "there is an administrator") {
		t.Errorf("doctor: %d %s", code, out)
	}
	s.stop()
	s = startFromNothing(t, s.dir, s.env...)
	if strings.Contains(s.out.String(), "/login/link/") {
		t.Errorf("another link was printed: %s", s.out)
	}
	b.do(chromedp.Navigate(address + "/c/incidents"))
	b.sees("INC-1")
	if out, code := s.cli("login", "reset", "ana"); code != exitDone || !strings.Contains(out, "Ended 1 session of Ana Ruiz") {
		t.Errorf("reset: %d %s", code, out)
	}
	b.do(chromedp.Navigate(address + "/c/incidents"))
	b.sees("Sign in to Watchbell")
	out, code := s.cli("login", "link", "--as", "ana")
	if code != exitDone || !strings.HasPrefix(out, address+"/login/link/") {
		t.Fatalf("link: %d %s", code, out)
	}
	link, _, _ := strings.Cut(out, "\n")
	b.do(chromedp.Navigate(link))
	b.press("button", "Sign in as Ana Ruiz")
	b.wait("document.querySelector('a.whoami')")
}

// visitor is a browser without a window.
type visitor struct {
	t    *testing.T
	http *http.Client
}

func newVisitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, &http.Client{Jar: jar, Timeout: time.Minute}}
}

func (v *visitor) do(method, address string, form url.Values) (status int, at, body string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, resp.Request.URL.Path, string(data)
}

// Cookies do not tell ports apart, so two servers on one machine are like two instances behind one name.
func TestASessionWorksOnEveryInstance(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + pgtest.URL(t)
	var servers []*fromNothing
	var addresses []string
	for range 2 {
		port := freePort(t)
		addresses = append(addresses, fmt.Sprintf("http://localhost:%d", port))
		servers = append(
			servers, startFromNothing(t, t.TempDir(), database, fmt.Sprintf("WATCHBELL_LISTEN=127.0.0.1:%d", port)),
		)
	}
	ana := newVisitor(t)
	status, at, body := ana.do(http.MethodPost, servers[0].link(), url.Values{
		"name": {"Ana Ruiz"}, "email": {"ana@example.com"},
	})
	if status != http.StatusOK || at != "/me/security" {
		t.Fatalf("%d %s %s", status, at, body)
	}
	for _, address := range addresses {
		if status, at, body := ana.do(http.MethodGet, address+"/c/incidents", nil); status != http.StatusOK ||
			at != "/c/incidents" || !strings.Contains(body, "Ana Ruiz") {
			t.Errorf("%s: %d %s", address, status, at)
		}
	}
	// Both printed a link, and there is an administrator now.
	if status, _, body := newVisitor(t).do(http.MethodPost, servers[1].link(), url.Values{
		"name": {"Eve"}, "email": {"eve@example.com"},
	}); status != http.StatusConflict || !strings.Contains(body, "There is an administrator by now") {
		t.Errorf("a second administrator: %d %s", status, body)
	}
	if status, at, _ := ana.do(http.MethodPost, addresses[1]+"/logout", nil); status != http.StatusOK || at != "/login" {
		t.Errorf("sign out: %d %s", status, at)
	}
	if _, at, _ := ana.do(http.MethodGet, addresses[0]+"/c/incidents", nil); at != "/login" {
		t.Errorf("signed out at one, and still in at the other: %s", at)
	}
}

func TestWhereThePagesAre(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		env  map[string]string
		want webSite
		err  string
	}{
		"nothing": {"", nil, webSite{listen: "127.0.0.1:8080", url: "http://localhost:8080"}, ""},
		"a container": {
			"", map[string]string{
				"WATCHBELL_LISTEN": ":8080", "WATCHBELL_WEB_URL": "https://ops.example.com/", "WATCHBELL_TRUSTED_PROXIES": "10.0.0.7",
			}, webSite{listen: ":8080", named: true, url: "https://ops.example.com", given: true}, "",
		},
		"a container without https": {
			"", map[string]string{"WATCHBELL_LISTEN": ":8080"},
			webSite{listen: ":8080", named: true, url: "http://localhost:8080"}, "",
		},
		"the file goes before the variable for the address": {
			"web: {listen: 127.0.0.1:81}", map[string]string{"WATCHBELL_LISTEN": ":8080"},
			webSite{listen: "127.0.0.1:81", named: true, url: "http://localhost:81"}, "",
		},
		"http on a network": {
			"web: {url: http://ops.example.com}", nil, webSite{}, "without https everybody on the way can read the sessions",
		},
		"no address": {
			"", map[string]string{"WATCHBELL_WEB_URL": "ops.example.com"}, webSite{},
			`WATCHBELL_WEB_URL: "ops.example.com" is not the address of a web site.`,
		},
		"below a path": {
			"", map[string]string{"WATCHBELL_WEB_URL": "https://example.com/ops"}, webSite{},
			"Watchbell needs a host name of its own, like https://example.com.",
		},
		"no network": {
			"", map[string]string{"WATCHBELL_TRUSTED_PROXIES": "proxy"}, webSite{},
			`WATCHBELL_TRUSTED_PROXIES: "proxy" is not an address of a proxy. Write one like 10.0.0.7 or 10.0.0.0/8.`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.env {
				t.Setenv(variable, value)
			}
			f, err := config.Parse("watchbell.yaml", []byte(c.file+"\n# end\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got webSite
			if err = fromEnvironment(f); err == nil {
				if got, err = siteOf(f); err == nil {
					err = got.check(false)
				}
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %s", err, c.err)
				}
				return
			}
			if proxies := len(got.proxies); err != nil || (proxies == 1) != (c.env["WATCHBELL_TRUSTED_PROXIES"] != "") {
				t.Errorf("%v, %d proxies", err, proxies)
			}
			got.proxies = nil
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// A port that nobody asked for and somebody else has keeps the rest of the server from nothing.
func TestATakenDefaultAddressShutsThePagesOnly(t *testing.T) {
	s := webSite{listen: config.DefaultListen}
	taken, err := listen(config.DefaultListen)
	if err == nil {
		defer func() { _ = taken.Close() }()
	} // else another program has it
	var o appOptions
	f, err := config.Parse("watchbell.yaml", []byte("# nothing\n"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(listenVariable, "")
	if err := o.open(f, false); err != nil || !strings.Contains(o.site.shut, "is taken by another program") {
		t.Errorf("%v %+v", err, o.site)
	}
	f.Web.Listen = s.listen
	if err := o.open(f, false); err == nil || !strings.Contains(err.Error(), "is taken by another program") {
		t.Errorf("an address that somebody named: %v", err)
	}
}

// The file that docs/running.md shows is what container runtimes take: services with images, and nothing that is named
// but not there. Its variables are those of the program.
func TestTheComposeFileOfTheDocsIsOne(t *testing.T) {
	page, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```yaml\nservices:\n  proxy:")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("docs/running.md has no compose file")
	}
	var file struct {
		Services map[string]struct {
			Image       string
			Command     any
			Environment map[string]string
			Volumes     []string
			Ports       []string
			DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
			Healthcheck *struct {
				Test        []string
				Interval    string
				Timeout     string
				StartPeriod string `yaml:"start_period"`
				Retries     int
			}
			ReadOnly        bool     `yaml:"read_only"`
			CapDrop         []string `yaml:"cap_drop"`
			SecurityOpt     []string `yaml:"security_opt"`
			StopGracePeriod string   `yaml:"stop_grace_period"`
			Restart         string
		}
		Networks map[string]struct {
			IPAM struct{ Config []struct{ Subnet string } }
		}
		Volumes map[string]any
	}
	err = yaml.UnmarshalWithOptions([]byte("services:\n  proxy:"+text), &file, yaml.DisallowUnknownField())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range file.Services {
		if s.Image == "" {
			t.Errorf("%s has no image", name)
		}
		for _, v := range s.Volumes {
			if volume, _, _ := strings.Cut(v, ":"); !strings.HasPrefix(volume, ".") {
				if _, there := file.Volumes[volume]; !there {
					t.Errorf("%s: there is no volume %s", name, volume)
				}
			}
		}
		for other, how := range s.DependsOn {
			if there, ok := file.Services[other]; !ok || how.Condition == "service_healthy" && there.Healthcheck == nil {
				t.Errorf("%s waits for %s, which never becomes %s", name, other, how.Condition)
			}
		}
	}
	of := file.Services["watchbell"].Environment
	for variable, value := range map[string]string{
		urlVariable: "https://${OPS_HOST:?}", proxiesVariable: file.Networks["default"].IPAM.Config[0].Subnet,
	} {
		if of[variable] != value {
			t.Errorf("%s is %q, want %q", variable, of[variable], value)
		}
	}
}
