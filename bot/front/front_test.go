package front

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSilenceIsNeverAYes(t *testing.T) {
	stopped := make(chan struct{})
	close(stopped)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		stops   <-chan struct{}
		gone    bool // the client is
		want    int
	}{
		"silent": {handler: func(http.ResponseWriter, *http.Request) {}, want: 500},
		"headers only": {
			handler: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", "y") }, want: 500,
		},
		"writes nothing": {
			handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) }, want: 500,
		},
		"a status that is none": {handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) }, want: 500},
		"panics":                {handler: func(http.ResponseWriter, *http.Request) { panic("x") }, want: 500},
		"silent while stopping": {handler: func(http.ResponseWriter, *http.Request) {}, stops: stopped, want: 503},
		"panics while stopping": {
			handler: func(http.ResponseWriter, *http.Request) { panic("x") }, stops: stopped, want: 500,
		},
		"silent to one who is gone": {handler: func(http.ResponseWriter, *http.Request) {}, gone: true, want: 503},
		"a status": {
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, want: 204,
		},
		"a status while stopping": {
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, stops: stopped, want: 204,
		},
		"a body": {
			handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }, want: 200,
		},
		"a stream without any event": {
			handler: func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() }, want: 200,
		},
		"headers of a lost answer": {handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Length", "4")
			w.Header().Set("Cache-Control", "public")
			w.Header().Set("Set-Cookie", "a=b")
		}, want: 500},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.gone {
				cancel()
			}
			Front{Stopping: c.stops}.Guard(c.handler).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
			if w.Code != c.want {
				t.Errorf("%d, want %d", w.Code, c.want)
			}
			h := w.Header()
			if c.want >= 500 &&
				(h.Get("Cache-Control") != "no-store" || h.Get("Set-Cookie") != "" || h.Get("Content-Length") != "" ||
					!strings.HasPrefix(h.Get("Content-Type"), "text/plain")) {
				t.Errorf("headers of what was not answered: %v", h)
			}
			if (c.want == 503) != (h.Get("Retry-After") != "") {
				t.Errorf("Retry-After %q", h.Get("Retry-After"))
			}
		})
	}
}

func TestAnInformationalStatusIsNoAnswer(t *testing.T) {
	srv := httptest.NewServer(
		Front{}.Guard(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) }),
		),
	)
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusInternalServerError {
		t.Error(resp.Status)
	}
}

// Half an answer ends as an error for the one who reads it, and the fault is in the log.
func TestAPanicInTheMiddleOfAnAnswerCutsItOff(t *testing.T) {
	var log bytes.Buffer
	srv := httptest.NewServer(
		Front{Log: slog.New(slog.NewTextHandler(&log, nil))}.Guard(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half")
				_ = http.NewResponseController(w).Flush()
				panic("broken")
			}),
		),
	)
	resp, err := http.Get(srv.URL)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	srv.Close() // waits for the handler, and so for what it logs
	if err == nil || !strings.Contains(log.String(), "broken") {
		t.Errorf("%v; log: %s", err, &log)
	}
}

func TestStreamsAndHijackedConnectionsWorkAsEver(t *testing.T) {
	mux := http.NewServeMux()
	goOn := make(chan struct{})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for n := range 2 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", n)
			if f, ok := w.(http.Flusher); !ok {
				t.Error("no Flusher")
			} else {
				f.Flush()
			}
			<-goOn
		}
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello")
	})
	srv := httptest.NewServer(Front{}.Guard(mux))
	defer srv.Close()
	for path, want := range map[string]string{"/stream": "data: 0\n\n", "/socket": "hello"} {
		t.Run(strings.TrimPrefix(path, "/"), func(t *testing.T) {
			r, err := http.NewRequest(http.MethodGet, srv.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Connection", "Upgrade")
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
				t.Errorf("%s: %q %v", path, got, err)
			}
			_ = resp.Body.Close()
		})
	}
	close(goOn)
}

func TestAQueryThatCannotBeReadIsRefused(t *testing.T) {
	reached := Front{}.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	for query, want := range map[string]int{
		"artifact=a;b": 400, "artifact=%zz": 400, "artifact=%": 400, ";": 400, "%zz=a": 400, "artifact=a%3Bb": 200, "": 200,
		"a&b=": 200, "a=b+c": 200,
	} {
		t.Run(query, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.RawQuery = query
			w := httptest.NewRecorder()
			if reached.ServeHTTP(w, r); w.Code != want {
				t.Errorf("?%s: %d, want %d", query, w.Code, want)
			}
		})
	}
}
