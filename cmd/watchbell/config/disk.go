package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/watchbell/watchbell/bot/yamlfile"
)

// readFile reads at most limit bytes of the file at path, which refuse may veto before. The complaint is "" when that
// worked; otherwise it is one sentence or more that the path goes before.
func readFile(path string, limit int64, refuse func(fs.FileMode) string) (data []byte, complaint string) {
	f, info, complaint := openFile(path)
	if complaint != "" {
		return nil, complaint
	}
	defer f.Close()
	if complaint := refuse(info.Mode()); complaint != "" {
		return nil, complaint
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fileComplaint(err)
	}
	return bytes.TrimPrefix(data, []byte(yamlfile.ByteOrderMark)), ""
}

// openFile opens a regular file to be read. Nothing else has an end that one could wait for.
func openFile(path string) (f *os.File, info fs.FileInfo, complaint string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a named pipe would wait for somebody who writes
	if err != nil {
		return nil, nil, fileComplaint(err)
	}
	info, err = f.Stat() // of what was opened, whatever is at the path by now
	switch {
	case err != nil:
		complaint = fileComplaint(err)
	case info.IsDir():
		complaint = "this is a directory, not a file."
	case !info.Mode().IsRegular():
		complaint = "this is a pipe or a device, not a file."
	default:
		return f, info, ""
	}
	f.Close()
	return nil, nil, complaint
}

// Open opens a file that somebody named on the command line or in the configuration. It has to be a regular file: a
// pipe or a device may never end. The error is an [Error] that names the path.
func Open(path string) (*os.File, fs.FileInfo, error) {
	f, info, complaint := openFile(path)
	if complaint != "" {
		return nil, nil, &Error{File: path, Text: complaint}
	}
	return f, info, nil
}

// ReadFile is Open for a file of at most limit bytes, which it reads.
func ReadFile(path string, limit int64) ([]byte, error) {
	data, complaint := readFile(path, limit+1, func(fs.FileMode) string { return "" })
	if complaint == "" && int64(len(data)) > limit {
		complaint = fmt.Sprintf("the file is larger than %d KiB.", limit>>10)
	}
	if complaint != "" {
		return nil, &Error{File: path, Text: complaint}
	}
	return data, nil
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
