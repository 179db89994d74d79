package storage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/storage"
)

// planned makes PostgreSQL log the plan of every statement of a connection, with the rows that it read.
func planned(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(
		"options",
		"-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on -c "+
			"auto_explain.log_timing=off "+
			"-c auto_explain.log_format=json -c auto_explain.log_nested_statements=on",
	)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String()
}

// planNode is a node of a plan, as EXPLAIN tells it.
type planNode struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Alias   string  `json:"Alias"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Filter  float64 `json:"Rows Removed by Filter"`
	Join    float64 `json:"Rows Removed by Join Filter"`
	Recheck float64 `json:"Rows Removed by Index Recheck"`
	Plans   []planNode
}

// most is how many rows the busiest node of a plan touches, those included that it throws away, and which node that is.
func (p planNode) most() (rows float64, node string) {
	rows, node = (p.Rows+p.Filter+p.Join+p.Recheck)*p.Loops, fmt.Sprintf("%s %s %s", p.Type, p.Table, p.Index)
	for _, child := range p.Plans {
		if n, which := child.most(); n > rows {
			rows, node = n, which
		}
	}
	return rows, node
}

// postgresRows is the most that a node of a plan may touch. With the tables of the test, a walk through one of them
// touches 20 000.
const postgresRows = 2_500

func postgresWorkOf(t *testing.T, s *storage.Store) func(do func(context.Context)) []costing {
	var data string
	if err := s.SQL().QueryRow("SHOW data_directory").Scan(&data); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(filepath.Dir(data), "log")
	size := func() int64 {
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	return func(do func(context.Context)) []costing {
		before := size()
		do(context.Background())
		f, err := os.Open(log)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		text := make([]byte, size()-before)
		if _, err := f.ReadAt(text, before); err != nil {
			t.Fatal(err)
		}
		return plansIn(t, string(text))
	}
}

func plansIn(t *testing.T, log string) []costing {
	var all []costing
	for _, entry := range strings.Split(log, "ms  plan:\n")[1:] {
		var doc strings.Builder
		for line := range strings.Lines(entry) {
			if !strings.HasPrefix(line, "\t") {
				break
			}
			doc.WriteString(line[1:])
		}
		var x struct {
			Text string `json:"Query Text"`
			Plan planNode
		}
		if err := json.Unmarshal([]byte(doc.String()), &x); err != nil {
			t.Fatalf("%v in %s", err, doc.String())
		}
		rows, node := x.Plan.most()
		all = append(all, costing{
			sql: x.Text, cost: int(rows), most: postgresRows, unit: fmt.Sprintf("%.0f rows by %s", rows, node),
		})
	}
	return all
}
