package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// readFile reads at most limit bytes of the file at path, which refuse may veto before. The complaint is "" when that worked; otherwise
// it is one sentence or more that the path goes before.
func readFile(path string, limit int64, refuse func(fs.FileMode) string) (data []byte, complaint string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a named pipe would wait for somebody who writes
	if err != nil {
		return nil, fileComplaint(err)
	}
	defer f.Close()
	info, err := f.Stat() // of what was opened, whatever is at the path by now
	if err != nil {
		return nil, fileComplaint(err)
	}
	if info.IsDir() {
		return nil, "this is a directory, not a file."
	}
	if !info.Mode().IsRegular() {
		return nil, "this is a pipe or a device, not a file."
	}
	if complaint := refuse(info.Mode()); complaint != "" {
		return nil, complaint
	}
	data, err = io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fileComplaint(err)
	}
	return data, ""
}

const noSuchFile = "there is no such file."

func fileComplaint(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return noSuchFile
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // without the path, which is there already
	}
	return "the file cannot be read: " + err.Error() + "."
}
