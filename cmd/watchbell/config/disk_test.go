package config

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe has no end that anybody could wait for, and /dev/zero none at all.
func TestNamedFilesAreRegularFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 2049), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "this is a pipe or a device, not a file.", "/dev/zero": "this is a pipe or a device, not a file.",
		dir:                        "this is a directory, not a file.",
		filepath.Join(dir, "none"): "there is no such file.", large: "the file is larger than 2 KiB.",
	} {
		start := time.Now()
		if _, err := ReadFile(path, 2048); err == nil || !IsError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
		if path == large {
			continue
		}
		if f, _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: opened: %v %v", path, f, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %s", path, took)
		}
	}
}

func TestAByteOrderMarkIsNoPartOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("\uFEFFname: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(path, 1<<10); err != nil || string(data) != "name: x\n" {
		t.Errorf("%q %v", data, err)
	}
	if f, err := Load(path); err != nil || f.Name != "x" {
		t.Errorf("%+v %v", f, err)
	}
	t.Setenv("WB_TEST_FILE", path)
	if s, err := Secret("WB_TEST"); err != nil || s != "name: x" {
		t.Errorf("%q %v", s, err)
	}
}
