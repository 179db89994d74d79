package config

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/bot/yamlfile"
)

const (
	maxName  = 80
	maxTopic = 250

	shortest = time.Minute
	longest  = 90 * 24 * time.Hour
)

var (
	idFormat       = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`)
	channelFormat  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,79}$`)
	emailFormat    = regexp.MustCompile(`^[^\s@<>()",:;\\\[\]]{1,64}@[\pL\pN]([\pL\pN.-]{0,252}[\pL\pN])?$`)
	hostFormat     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	platformFormat = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	portFormat     = regexp.MustCompile(`^[0-9]{1,5}$`)

	// As bot.Grants reads them: everything, a noun, a verb of every noun, a command, or a right that only its exact
	// name gives.
	permissionFormat = regexp.MustCompile(
		`^(\*|[a-z][a-z0-9-]*\.\*|\*\.[a-z][a-z0-9-]*|[a-z][a-z0-9-]*[.:][a-z][a-z0-9-]*)$`)
)

// label is text for people of one line and at most longest characters.
func (r *reader) label(n node, longest int) string {
	typed, ok := r.Text(n)
	clean := value.Line(typed)
	switch {
	case !ok:
	case strings.TrimSpace(typed) == "":
		r.Problem(n.At, "%s is empty.", n.Path)
	case clean != strings.Join(strings.Fields(typed), " "):
		r.Problem(n.At, "%s has characters that cannot be seen.", n.Path)
	case value.Count(clean) > longest:
		r.Problem(n.At, "%s has %d characters. The limit is %d.", n.Path, value.Count(clean), longest)
	}
	return clean
}

// newID is an id that this node gives to a thing.
func (r *reader) newID(n node, what string) string {
	if id, ok := r.Text(n); ok {
		r.checkID(id, n.At)
		r.Define(what, id, n.At)
	}
	return n.Text
}

func (r *reader) checkID(id string, at yamlfile.Position) {
	if !idFormat.MatchString(id) {
		r.Problem(at, `%s is not an id. Write up to 32 of a to z, 0 to 9, ".", "_" and "-", a letter first.`,
			yamlfile.Quote(id))
	}
}

// existing is the name of something that is defined elsewhere in the file.
func (r *reader) existing(n node, things ...string) string {
	if r.Is(n, yamlfile.Scalar) {
		r.Later(func() { r.Known(n, things...) })
	}
	return n.Text
}

func (r *reader) zone(n node) *time.Location {
	name, ok := r.Text(n)
	if !ok {
		return nil
	}
	zone, err := value.Zone(name)
	if err != nil {
		r.Problem(n.At, "%v", err)
	}
	return zone
}

// cadence is a duration, or 0 when it is off.
func (r *reader) cadence(n node) time.Duration {
	typed, ok := r.Text(n)
	if !ok || typed == "off" {
		return 0
	}
	d, err := value.Duration(typed, shortest, longest)
	if err != nil {
		r.Problem(n.At, "%v Write off for never.", err)
	}
	return d
}

func (r *reader) channelName(n node) string {
	name, ok := r.Text(n)
	if ok && !channelFormat.MatchString(name) {
		r.Problem(n.At, `%s is not a channel name. Write up to 80 of a to z, 0 to 9, "_" and "-", `+
			`a letter or digit first, no "#".`,
			yamlfile.Quote(name))
	}
	return name
}

func (r *reader) email(n node) string {
	email, ok := r.Text(n)
	if ok && !emailFormat.MatchString(email) {
		r.Problem(n.At, "%s is not an e-mail address. Write it like ana@example.com.", yamlfile.Quote(email))
	}
	return email
}

// platform refuses those where an account comes with the person: it would let one person act as another.
func (r *reader) platform(n node) string {
	name, ok := r.Text(n)
	switch {
	case !ok:
	case name == "web" || name == "cli":
		r.Problem(n.At, "everybody has a %s account under their id. Leave it out.", name)
	case !platformFormat.MatchString(name):
		r.Problem(n.At, "%s is not a platform. Write one like slack or discord.", yamlfile.Quote(name))
	}
	return name
}

func (r *reader) permission(n node) string {
	typed, ok := r.Text(n)
	if ok && !permissionFormat.MatchString(typed) {
		r.Problem(n.At, "%s is not a permission. Write one like incident.declare, "+
			`a pattern like incident.* or "*.help", or "*".`,
			yamlfile.Quote(typed))
	}
	return typed
}

func (r *reader) addressOrOff(n node) string {
	if n.Kind == yamlfile.Scalar && (n.Text == "" || n.Text == "off") {
		return ""
	}
	return r.address(n)
}

// address is host:port. An empty host stands for all addresses of the machine, port 0 for any free port.
func (r *reader) address(n node) string {
	typed, ok := r.Text(n)
	if !ok {
		return ""
	}
	host, port, err := net.SplitHostPort(typed)
	number, _ := strconv.Atoi(port)
	switch {
	case err != nil || !portFormat.MatchString(port) || !isHost(host):
		r.Problem(n.At, "%s is not an address to listen on. Write host:port, like 127.0.0.1:8080.",
			yamlfile.Quote(typed))
	case number > 65535:
		r.Problem(n.At, "the port %d is not between 0 and 65535.", number)
	}
	return typed
}

func isHost(s string) bool {
	return s == "" || net.ParseIP(s) != nil || hostFormat.MatchString(s)
}
