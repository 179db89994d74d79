package api

import (
	"net/http"
	"slices"
	"strings"
)

// route is an address of the API, what answers there, and what the description says of it.
type route struct {
	method, path string
	handle       http.HandlerFunc

	summary string
	open    bool    // it takes no token
	query   []input // of the address
	body    []input // fields of the JSON object
	done    int     // the status of success
	kind    string  // of what it answers, if not application/json
	also    []int   // other statuses, which are answers too
}

// input is something that a call takes.
type input struct {
	name, help string
	required   bool
}

func inputs(help map[string]string, names ...string) []input {
	var list []input
	for _, n := range names {
		list = append(list, input{name: n, help: help[n]})
	}
	return list
}

// helps say what the arguments of the gate's own routes are.
var helps = map[string]string{
	"env": "The environment, like prod.", "service": "The service that is deployed.",
	"artifact": "What is deployed, like sha256:9f3c…",
	"run":      "Names the run of the pipeline: the same run gets the same grant again.",
	"wait":     "How long to wait for a decision, up to 1m.", "wait_window": "yes: wait for the window to open too.",
	"at":   "The time asked about, RFC 3339 or like tomorrow 22:00. Default now.",
	"note": "A remark for the timeline.", "why": "What went wrong.", "change": "The change it belongs to, like CHG-1.",
}

// routes are all addresses of the API. The description at /api/v1/openapi.json is made from them and from the command
// tree.
func (s *Server) routes() []route {
	gate := []int{
		http.StatusAccepted,
		http.StatusForbidden,
		http.StatusNotFound,
		http.StatusConflict,
		http.StatusGone,
		http.StatusLocked,
		http.StatusTooEarly,
	}
	asked := inputs(helps, "env", "service", "artifact", "run", "wait", "wait_window")
	asked[0].required, asked[1].required = true, true
	list := []route{
		{method: "GET", path: "/api/v1/openapi.json", open: true, handle: s.openAPI, summary: "This description."},
		{
			method:  "GET",
			path:    "/api/v1/keys",
			open:    true,
			handle:  s.keys,
			summary: "The public keys with which receipts and evidence are verified.",
		},
		{
			method:  "GET",
			path:    "/api/v1/pages",
			handle:  s.guarded(s.pages),
			summary: "Lists the pages that the token may look at.",
		},
		{method: "GET", path: pagePath, handle: s.guarded(s.page), summary: "Reads a page by its name."},
		{
			method:  "POST",
			path:    commandPath,
			handle:  s.guarded(s.carryOut),
			summary: "Carries out a command by its name.",
		},
		{
			method:  "GET",
			path:    "/api/v1/gates/{change}",
			handle:  s.guarded(s.gate),
			summary: "Asks whether a change may be deployed now. Only 200 means yes.",
			query:   asked,
			also:    gate,
		},
		{
			method:  "POST",
			path:    "/api/v1/changes",
			handle:  s.guarded(s.create),
			summary: "Requests a change, and submits it if nothing is missing.",
			body:    inputs(nil, createFields...),
			done:    http.StatusCreated,
		},
		{
			method:  "GET",
			path:    "/api/v1/changes/{change}",
			handle:  s.guarded(s.command("change.show")),
			summary: "Shows a change.",
		},
		{
			method:  "POST",
			path:    "/api/v1/changes/{change}/submit",
			handle:  s.guarded(s.command("change.submit")),
			summary: "Asks for the approval of a draft.",
		},
		{
			method:  "GET",
			path:    "/api/v1/calendar/state",
			handle:  s.guarded(s.state),
			summary: "Whether changes are possible at a time: open, frozen, or outside of the maintenance windows.",
			query:   inputs(helps, "env", "service", "at"),
		},
		{
			method:  "GET",
			path:    "/calendar/{file}",
			open:    true,
			handle:  s.feed,
			summary: "The calendar for calendar programs. The file's name is a token that can do nothing else, with .ics.",
			kind:    "text/calendar",
		},
	}
	post := func(path, command, summary string, fields ...string) {
		list = append(list, route{
			method:  "POST",
			path:    path,
			handle:  s.guarded(s.command(command, fields...)),
			summary: summary,
			body:    inputs(helps, fields...),
		})
	}
	post("/api/v1/deployments", "change.deployed", "Says what was deployed.", "service", "env", "artifact", "change")
	for _, of := range []struct{ verb, command, summary string }{
		{"start", "change.start", "Starts an approved change, once."},
		{"finish", "change.done", "Says that the work, or the way back, is done."},
		{"fail", "change.rollback", "Says that it failed and goes back."},
		{"heartbeat", "change.heartbeat", "Says that the work goes on."},
	} {
		post("/api/v1/gates/{change}/"+of.verb, of.command, of.summary, "artifact", "note", "why")
	}
	return list
}

// inPath are the names of what stands in the path of a route.
func (r route) inPath() []string {
	var names []string
	for part := range strings.SplitSeq(r.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// statuses are those of a route's answers that are no problems.
func (r route) statuses() []int {
	done := r.done
	if done == 0 {
		done = http.StatusOK
	}
	return append([]int{done}, slices.Clone(r.also)...)
}
