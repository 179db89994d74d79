package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// prefix of the folders' names; the process's id follows.
const prefix = "watchbell-pg-"

// programs is the folder that has both programs a server needs.
func programs() (string, error) {
	if dir := os.Getenv("WATCHBELL_PG_BIN"); dir != "" {
		if !complete(dir) {
			return "", fmt.Errorf(
				"WATCHBELL_PG_BIN has to be the full path of a folder with initdb and postgres, which %q is not", dir,
			)
		}
		return dir, nil
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	if i := slices.IndexFunc(dirs, complete); i >= 0 {
		return dirs[i], nil
	}
	return "", ErrMissing
}

func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

func complete(dir string) bool {
	return filepath.IsAbs(dir) && executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres"))
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// tempFolder is where servers have their folders. Root's own temporary folder may be closed to the account the server
// runs as.
func tempFolder() string {
	if os.Geteuid() == 0 {
		for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
			if openToAll(dir) {
				return dir
			}
		}
	}
	return os.TempDir()
}

// openToAll says whether everybody may pass through dir and all folders above it.
func openToAll(dir string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	for ; err == nil; dir = filepath.Dir(dir) {
		info, statErr := os.Stat(dir)
		if statErr != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
	return false
}

// sweep removes from a folder what test processes left behind that no longer live. Where the system has not ended their
// servers (see unprivileged), this does: PostgreSQL ends within a minute when its folder is gone.
func sweep(folder string) {
	left, _ := filepath.Glob(filepath.Join(folder, prefix+"*"))
	for _, dir := range left {
		id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		if pid, err := strconv.Atoi(id); err == nil && !alive(pid) {
			_ = os.RemoveAll(dir)
		}
	}
}

// alive says whether a process exists, be it ours or not.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
