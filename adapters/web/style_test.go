package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text has at least the contrast that WCAG calls AA, 4.5 to 1, on everything it may stand on, in both schemes.
func TestTextCanBeRead(t *testing.T) {
	css, err := os.ReadFile("assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	dark, _, _ := strings.Cut(rest, "*, ::before")
	pairs := map[string][]string{
		"text":  {"bg", "side", "raised", "hover", "press", "select", "private", "code"},
		"soft":  {"bg", "side", "raised", "hover", "press", "private"},
		"faint": {"bg", "side", "raised", "private"}, "link": {"bg", "raised", "mention", "private", "hover"},
		"on-accent": {"accent", "accent-hover"}, "on-me": {"mention-me"},
		"info": {"raised"}, "good": {"raised"}, "warning": {"raised"}, "critical": {"raised", "bg"}, "new": {"bg"},
	}
	for scheme, part := range map[string]string{"light": light, "dark": dark} {
		t.Run(scheme, func(t *testing.T) {
			colors := map[string][3]float64{}
			for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})`).FindAllStringSubmatch(part, -1) {
				colors[m[1]] = rgb(t, m[2])
			}
			for text, grounds := range pairs {
				for _, ground := range grounds {
					if got := contrast(colors[text], colors[ground]); got < 4.5 ||
						colors[ground] == ([3]float64{}) && scheme == "light" {
						t.Errorf("%s: --%s on --%s has a contrast of %.2f", scheme, text, ground, got)
					}
				}
			}
		})
	}
	for _, m := range regexp.MustCompile(`\.s\d \{ background: #([0-9a-f]{6})`).FindAllStringSubmatch(string(css), -1) {
		if got := contrast(rgb(t, m[1]), [3]float64{1, 1, 1}); got < 4.5 {
			t.Errorf("white on the face #%s has a contrast of %.2f", m[1], got)
		}
	}
}

func rgb(t *testing.T, hex string) (c [3]float64) {
	t.Helper()
	for i := range c {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c[i] = float64(n) / 255
	}
	return c
}

// contrast is the ratio of WCAG 2.2.
func contrast(a, b [3]float64) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c [3]float64) float64 {
	var l [3]float64
	for i, v := range c {
		l[i] = v / 12.92
		if v > 0.04045 {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// The content policy forbids inline style and script: a template that has any would silently look or work wrong.
func TestTemplatesKeepToTheContentPolicy(t *testing.T) {
	for _, name := range []string{"markup/templates/page.html", "markup/templates/post.html"} {
		t.Run(name, func(t *testing.T) {
			html, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|javascript:|https?://|<script[^>]*>[^<]`).
				FindAllString(string(html), -1) {
				t.Errorf("%s has %q", name, bad)
			}
		})
	}
	script, err := os.ReadFile("assets/app.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"eval(", "document.write", "insertAdjacentHTML", "http://", "https://"} {
		if strings.Contains(string(script), bad) {
			t.Errorf("app.js has %q", bad)
		}
	}
}
