//go:build unix

package database

import (
	"os"
	"syscall"
)

// fileID names a file whatever it is called: by its device and its number there, which no other file has while this one
// is open.
type fileID struct{ device, inode uint64 }

// fileAt is the file that a path names, without opening it.
func fileAt(path string) (fileID, error) {
	var st syscall.Stat_t
	for {
		err := syscall.Stat(path, &st)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fileID{}, &os.PathError{Op: "stat", Path: path, Err: err}
		}
		return fileID{uint64(st.Dev), uint64(st.Ino)}, nil //nolint:unconvert // the widths differ between systems
	}
}

// space is how many bytes can still be written beside a file, and whether its file system is one that cannot be written
// at all.
func space(path string) (free int64, readOnly bool, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, false, err
	}
	blocks := uint64(st.Bavail) //nolint:unconvert // as above
	if os.Geteuid() == 0 {
		blocks = uint64(st.Bfree) //nolint:unconvert // as above
	}
	return int64(blocks) * int64(st.Bsize), mountedReadOnly(&st), nil //nolint:unconvert // as above
}
