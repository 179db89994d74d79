//go:build linux

package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// sendOnDemand signs requests and sends them when it is told to.
func sendOnDemand(key ed25519.PrivateKey, connections int) {
	var requests [][]byte
	var host string
	serial := time.Now().UnixNano()
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		var n int
		var url string
		if _, err := fmt.Sscanf(asked.Text(), "sign %d %s", &n, &url); err != nil {
			fmt.Println(sendAll(host, requests, connections))
			continue
		}
		host, _, _ = strings.Cut(strings.TrimPrefix(url, "http://"), "/")
		requests = nil
		for range n {
			serial++
			requests = append(requests, signedDeclare(key, host, strings.TrimPrefix(url, "http://"+host), serial))
		}
		fmt.Println("ready")
	}
}

// signedDeclare is a request as Discord sends it, with everything that it has in a guild.
func signedDeclare(key ed25519.PrivateKey, host, path string, serial int64) []byte {
	user := map[string]any{
		"id": "200000000000000014", "username": "dan", "global_name": "Dan Weber", "discriminator": "0", "avatar": nil,
		"public_flags": 0,
	}
	id := strconv.FormatInt(serial, 10)
	body, err := json.Marshal(map[string]any{
		"id": id, "application_id": discordApplication, "type": 2, "token": "token-" + id, "version": 1,
		"guild_id": discordGuild, "channel_id": "300000000000000001", "locale": "en-GB", "guild_locale": "en-US",
		"channel": map[string]any{
			"id": "300000000000000001", "guild_id": discordGuild, "type": 0, "name": "general", "permissions": "2248473465835073",
		},
		"member": map[string]any{
			"user": user, "roles": []string{}, "nick": nil, "flags": 0, "pending": false, "joined_at": "2026-01-01T00:00:00Z",
			"permissions": "2248473465835073", "communication_disabled_until": nil, "deaf": false, "mute": false,
		},
		"data": map[string]any{
			"id": "400000000000000001", "name": "incident", "type": 1, "guild_id": discordGuild,
			"options": []any{map[string]any{"type": 1, "name": "declare", "options": []any{
				map[string]any{"type": 3, "name": "title", "value": fmt.Sprintf("Number%s word%s is broken%s", id, id, id)},
				map[string]any{"type": 3, "name": "severity", "value": "sev2"},
				map[string]any{"type": 5, "name": "anyway", "value": true},
			}}},
		},
		"authorizing_integration_owners": map[string]string{"0": discordGuild}, "context": 0, "entitlements": []any{},
		"app_permissions": "2252109319883792", "attachment_size_limit": 10 << 20,
	})
	if err != nil {
		panic(err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", path, host)
	fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	fmt.Fprintf(&b, "User-Agent: Discord-Interactions/1.0 (+https://discord.com)\r\nX-Signature-Timestamp: %s\r\n", stamp)
	fmt.Fprintf(&b, "X-Signature-Ed25519: %x\r\n\r\n%s", ed25519.Sign(key, append([]byte(stamp), body...)), body)
	return b.Bytes()
}

// sendAll sends requests over so many connections, one after the other on each, and says how long it took.
func sendAll(host string, requests [][]byte, connections int) string {
	var next atomic.Int64
	var running sync.WaitGroup
	each := make([]time.Duration, len(requests))
	failed := make(chan error, connections)
	start := time.Now()
	for range connections {
		running.Go(func() {
			if err := send(host, requests, &next, each); err != nil {
				failed <- err
			}
		})
	}
	running.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return strings.ReplaceAll(err.Error(), "\n", " ")
	default:
	}
	slices.Sort(each)
	return fmt.Sprintf("done %d %d", took, each[len(each)*99/100])
}

func send(host string, requests [][]byte, next *atomic.Int64, each []time.Duration) error {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		n := next.Add(1) - 1
		if n >= int64(len(requests)) {
			return nil
		}
		begin := time.Now()
		if _, err := conn.Write(requests[n]); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("INC-")) {
			return fmt.Errorf("%s %s %w", resp.Status, body, err)
		}
		each[n] = time.Since(begin)
	}
}
