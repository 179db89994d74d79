package discordfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRequest is how large a request may be. Source: Discord's page "Message", "Create Message", Limitations.
const maxRequest = 25 << 20

// Call is one call of the REST API, or an answer to an interaction that came as the response to a request of ours
// (Method is then ByHTTP).
type Call struct {
	Method, Path  string
	Route         string         // the pattern that it met, like /channels/{channel}/messages
	Query         url.Values     // of the address
	JSON          map[string]any // the body, if it was an object; numbers are json.Number
	List          []any          // the body, if it was a list
	Files         []Upload
	Authorization bool   // it carried the bot's token
	Reason        string // for the audit log
	At            time.Time
	Status        int
	Answer        string

	path  map[string]string
	query url.Values
	v     int
	bad   error // the body could not be read
	token string
}

// ByHTTP is the method of a call that is the response to a request of ours.
const ByHTTP = "RESPONSE"

// Upload is a file that a call brought.
type Upload struct {
	Field, Name, Type string
	Data              []byte
}

// Calls are the recorded calls of a method and route, "" for all. Route is the pattern, see Call.
func (s *Server) Calls(method, route string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Call
	for _, c := range s.calls {
		if (method == "" || c.Method == method) && (route == "" || c.Route == route) {
			list = append(list, c)
		}
	}
	return list
}

// refused is an error that Discord answers with.
type refused struct {
	status, code int
	message      string
	errors       map[string]any
	headers      map[string]string
	extra        map[string]any
}

func (r *refused) Error() string {
	text := fmt.Sprintf("HTTP %d, %d: %s", r.status, r.code, r.message)
	if r.errors != nil {
		data, _ := json.Marshal(r.errors)
		text += " " + string(data)
	}
	return text
}

func refuse(status, code int, message string) *refused {
	return &refused{status: status, code: code, message: message}
}

var (
	unauthorized       = refuse(401, 0, "401: Unauthorized")
	notFound           = refuse(404, 0, "404: Not Found")
	missingAccess      = refuse(403, 50001, "Missing Access")
	missingPermissions = refuse(403, 50013, "Missing Permissions")
)

// answered is an answer with a status of its own.
type answered struct {
	status int
	body   any
}

// route is one route of the API.
type route struct {
	method, pattern string
	open            bool // needs no token, because the address holds one
	do              func(*Server, *Call) (any, error)
}

var address = regexp.MustCompile(`^/api(?:/v(\d+))?(/.*)$`)

// api answers one call.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	found := address.FindStringSubmatch(r.URL.EscapedPath())
	if found == nil {
		http.NotFound(w, r)
		return
	}
	c := &Call{Method: r.Method, Path: found[2], query: r.URL.Query(), v: 6, Reason: r.Header.Get("X-Audit-Log-Reason")}
	c.Query = c.query
	if reason, err := url.QueryUnescape(c.Reason); err == nil {
		c.Reason = reason
	}
	if found[1] != "" {
		c.v, _ = strconv.Atoi(found[1])
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest+1<<20)
	c.bad = c.read(r.Header.Get("Content-Type"), r.Body)
	c.token = r.Header.Get("Authorization")
	do := s.find(c)
	out := s.carryOut(c, do)
	if out.hang != nil {
		select {
		case <-out.hang:
		case <-r.Context().Done():
			return
		}
	}
	if out.lost {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	for name, value := range out.headers {
		w.Header().Set(name, value)
	}
	if out.text != "" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(out.status)
		_, _ = io.WriteString(w, out.text)
		return
	}
	if out.body != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(out.status)
	if out.body != nil {
		_, _ = w.Write(out.body)
	}
}

// outcome is what a caller gets.
type outcome struct {
	status  int
	body    []byte
	text    string // instead of JSON, as a proxy in front of Discord answers
	headers map[string]string
	lost    bool
	hang    <-chan time.Time
}

// find looks for the route and fills in the parts of the address that it names.
func (s *Server) find(c *Call) *route {
	parts := strings.Split(strings.Trim(c.Path, "/"), "/")
	for i := range routes {
		if values, ok := match(routes[i].pattern, parts); ok && routes[i].method == c.Method {
			c.Route, c.path = routes[i].pattern, values
			return &routes[i]
		}
	}
	return nil
}

func match(pattern string, parts []string) (map[string]string, bool) {
	wanted := strings.Split(strings.Trim(pattern, "/"), "/")
	if len(wanted) != len(parts) {
		return nil, false
	}
	values := map[string]string{}
	for i, name := range wanted {
		part, err := url.PathUnescape(parts[i])
		switch {
		case err != nil:
			return nil, false
		case strings.HasPrefix(name, "{"):
			values[strings.Trim(name, "{}")] = part
		case name != part:
			return nil, false
		}
	}
	return values, true
}

// carryOut does what a call asks, unless a fault is in the way.
func (s *Server) carryOut(c *Call, do *route) (out outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.At = s.now()
	defer func() {
		c.Status, c.Answer = out.status, string(out.body)
		if slices.Contains([]int{401, 403, 429}, out.status) && out.headers["X-RateLimit-Scope"] != "shared" {
			s.invalid++
		}
		s.calls = append(s.calls, *c)
	}()
	if s.down {
		return outcome{status: http.StatusServiceUnavailable, lost: true}
	}
	fault := s.fault(c)
	if fault != nil && !fault.afterwards() {
		return s.broken(fault, c)
	}
	headers, wait := s.limited(c, do)
	if wait != nil {
		return outcomeOf(nil, wait, headers)
	}
	if c.v != 9 && c.v != 10 {
		return outcomeOf(nil, refuse(400, 50041, "Invalid API version"), nil)
	}
	answer, err := s.method(c, do)
	out = outcomeOf(answer, err, headers)
	if fault != nil {
		out.lost = fault.Lost
		if fault.Hang > 0 {
			out.hang = time.After(fault.Hang)
		}
	}
	return out
}

func (s *Server) method(c *Call, do *route) (any, error) {
	if c.token != "" {
		c.Authorization = c.token == "Bot "+s.o.Token
	}
	switch {
	case do == nil && s.knows(c):
		return nil, refuse(405, 0, "405: Method Not Allowed")
	case do == nil:
		return nil, notFound
	case !do.open && !c.Authorization:
		return nil, unauthorized
	case c.bad != nil:
		return nil, c.bad
	}
	for name, value := range c.path {
		if slices.Contains([]string{"channel", "message", "guild", "user", "role", "target", "id"}, name) &&
			!isSnowflake(value) {
			f := newForm()
			f.add(name+"_id", "NUMBER_TYPE_COERCE", "Value \"%s\" is not snowflake.", value)
			return nil, f.problem()
		}
	}
	return do.do(s, c)
}

// knows reports whether the address exists with another method.
func (s *Server) knows(c *Call) bool {
	parts := strings.Split(strings.Trim(c.Path, "/"), "/")
	return slices.ContainsFunc(routes, func(r route) bool {
		_, ok := match(r.pattern, parts)
		return ok
	})
}

func outcomeOf(answer any, err error, headers map[string]string) outcome {
	out := outcome{status: http.StatusOK, headers: map[string]string{}}
	maps.Copy(out.headers, headers)
	if err != nil {
		var r *refused
		if !errors.As(err, &r) {
			r = refuse(500, 0, err.Error())
		}
		body := map[string]any{"code": r.code, "message": r.message}
		if r.errors != nil {
			body["errors"] = r.errors
		}
		maps.Copy(body, r.extra)
		maps.Copy(out.headers, r.headers)
		out.status = r.status
		answer = body
	}
	if a, ok := answer.(answered); ok {
		out.status, answer = a.status, a.body
	}
	if answer == nil {
		if out.status == http.StatusOK {
			out.status = http.StatusNoContent
		}
		return out
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(answer); err != nil {
		out.status = http.StatusInternalServerError
	}
	out.body = bytes.TrimSpace(b.Bytes())
	return out
}

var invalidJSON = refuse(400, 50109, "The request body contains invalid JSON.")

// read takes the body: JSON, or a form with payload_json and files.
func (c *Call) read(contentType string, body io.Reader) error {
	kind, params, _ := mime.ParseMediaType(contentType)
	if kind == "multipart/form-data" {
		return c.readForm(multipart.NewReader(body, params["boundary"]))
	}
	data, err := io.ReadAll(body)
	switch {
	case err != nil || len(data) > maxRequest:
		return refuse(413, 40005, "Request entity too large")
	case len(bytes.TrimSpace(data)) == 0:
		return nil
	case kind != "application/json":
		f := newForm()
		f.add("", "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json', "+
			"'application/x-www-form-urlencoded', 'multipart/form-data'}.")
		return f.problem()
	}
	return c.decode(data)
}

func (c *Call) decode(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var body any
	if d.Decode(&body) != nil || d.More() {
		return invalidJSON
	}
	c.JSON, _ = body.(map[string]any)
	c.List, _ = body.([]any)
	return nil
}

func (c *Call) readForm(r *multipart.Reader) error {
	total := 0
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refuse(400, 0, "400: Bad Request")
		}
		data, err := io.ReadAll(part)
		total += len(data)
		if err != nil || total > maxRequest {
			return refuse(413, 40005, "Request entity too large")
		}
		switch {
		case part.FormName() == "payload_json":
			if err := c.decode(data); err != nil {
				return err
			}
		case part.FileName() != "":
			kind := part.Header.Get("Content-Type")
			if kind == "" || kind == "application/octet-stream" {
				kind = http.DetectContentType(data)
			}
			c.Files = append(c.Files, Upload{Field: part.FormName(), Name: part.FileName(), Type: kind, Data: data})
		default:
			if c.JSON == nil {
				c.JSON = map[string]any{}
			}
			c.JSON[part.FormName()] = string(data)
		}
	}
	return nil
}

// number reads a whole number from the query.
func (c *Call) number(name string, standard, low, high int) (int, error) {
	text := c.query.Get(name)
	if text == "" {
		return standard, nil
	}
	f := newForm()
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		f.add(name, "NUMBER_TYPE_COERCE", "Value \"%s\" is not int.", text)
	case n < low:
		f.add(name, "NUMBER_TYPE_MIN", "int value should be greater than or equal to %d.", low)
	case n > high:
		f.add(name, "NUMBER_TYPE_MAX", "int value should be less than or equal to %d.", high)
	}
	return n, f.problem()
}

// body is the object that a call brought, empty if there is none.
func (c *Call) body() map[string]any {
	if c.JSON == nil {
		return map[string]any{}
	}
	return c.JSON
}

// truth reads a boolean of a query. Source: Discord's page "Reference", "Boolean Query Strings".
func truth(text string) bool { return text == "true" || text == "True" || text == "1" }
