package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/front"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage"
)

// metrics counts what the bot does, for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	ack      *prometheus.HistogramVec
	jobs     *prometheus.CounterVec
	jobTime  *prometheus.HistogramVec
	failed   *prometheus.CounterVec
}

var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newMetrics(store *storage.Store) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "watchbell_requests_total", Help: "Requests by command and how they ended.",
		}, []string{"command", "result"}),
		ack: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "watchbell_request_seconds", Help: "Time from a request to its answer.", Buckets: buckets,
		}, []string{"command"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "watchbell_jobs_total", Help: "Attempts at jobs by kind and how they ended.",
		}, []string{"kind", "result"}),
		jobTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "watchbell_job_seconds", Help: "Time an attempt at a job took.", Buckets: buckets,
		}, []string{"kind"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "watchbell_delivery_failures_total", Help: "Messages, edits and channels that a platform did not take.",
		}, []string{"platform", "what"}),
	}
	m.registry.MustRegister(m.requests, m.ack, m.jobs, m.jobTime, m.failed, queueCollector{store},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(store.SQL(), "watchbell"))
	return m
}

func (m *metrics) Request(command string, status bot.Status, took time.Duration) {
	if command == "" {
		command = "none"
	}
	m.requests.WithLabelValues(command, string(status)).Inc()
	m.ack.WithLabelValues(command).Observe(took.Seconds())
}

func (m *metrics) Job(kind, result string, took time.Duration) {
	m.jobs.WithLabelValues(kind, result).Inc()
	m.jobTime.WithLabelValues(kind).Observe(took.Seconds())
}

func (m *metrics) DeliveryFailed(platform, what string) {
	m.failed.WithLabelValues(platform, what).Inc()
}

var (
	queueDepth = prometheus.NewDesc(
		"watchbell_queue_jobs", "Jobs by state: due, running or given up.", []string{"state"}, nil,
	)
	queueAge    = prometheus.NewDesc("watchbell_queue_oldest_seconds", "How long the oldest due job has waited.", nil, nil)
	databaseUps = prometheus.NewDesc("watchbell_database_up", "Whether the database answers.", nil, nil)
)

// queueCollector asks the database for the state of the queue at each scrape.
type queueCollector struct{ store *storage.Store }

func (c queueCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- queueDepth
	ch <- queueAge
	ch <- databaseUps
}

func (c queueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	q, err := c.store.QueueState(ctx, bot.SystemClock{}.Now())
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if err != nil {
		gauge(databaseUps, 0)
		return
	}
	gauge(databaseUps, 1)
	gauge(queueDepth, float64(q.Waiting), "due")
	gauge(queueDepth, float64(q.Running), "running")
	gauge(queueDepth, float64(q.Dead), "dead")
	gauge(queueAge, q.Oldest.Seconds())
}

// A queue whose oldest due job has waited longer than this is not ready: something is stuck.
const staleQueue = 2 * time.Minute

// health is the answer of /readyz.
type health struct {
	Ready    bool              `json:"ready"`
	Database string            `json:"database"`
	Adapters map[string]string `json:"adapters"` // one that is down does not make the server unready: the others work on
	Queue    string            `json:"queue"`
	Dead     int               `json:"dead_jobs"`
}

func (a *app) health(ctx context.Context) health {
	h := health{Ready: true, Database: "ok", Queue: "ok", Adapters: a.bot.Health()}
	if ctx.Err() != nil {
		return health{Database: "stopping", Queue: "stopping"}
	}
	ask, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := a.store.Ready(ask); err != nil {
		a.log.Warn("nothing can be recorded", "error", err)
		h.Ready, h.Database = false, whyUnready(err)
		if a.store.Ping(ask) != nil {
			return health{Database: "does not answer", Queue: "unknown", Adapters: h.Adapters}
		}
	}
	q, err := a.store.QueueState(ask, bot.SystemClock{}.Now())
	h.Dead = q.Dead
	if err != nil || q.Oldest > staleQueue {
		h.Ready, h.Queue = false, "the oldest job has waited "+q.Oldest.Round(time.Second).String()
	}
	return h
}

// whyUnready says in a few words why nothing can be recorded. The log has the error itself.
func whyUnready(err error) string {
	var people *bot.Error
	if errors.As(err, &people) {
		return people.Text
	}
	return "can be read, but nothing can be recorded: " + value.Cut(value.Line(err.Error()), 200)
}

// observe serves health and metrics until ctx ends. From then on it says that it is not ready, until the rest has
// drained.
func (a *app) observe(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: a.observing(ctx), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(time.Second, func() { _ = server.Close() })
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// observing is the handler of observe.
func (a *app) observing(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		h := a.health(ctx)
		w.Header().Set("Content-Type", "application/json")
		if !h.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(h)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	return front.Front{Log: a.log, Stopping: ctx.Done()}.Guard(mux)
}
