//go:build !unix

package database

// lockFile does nothing where files cannot be locked this way: there the operator has to see to it that one server runs
// a file.
func (d *DB) lockFile(string, fileID, Options) error { return nil }

// migrationTurn does nothing for the same reason.
func migrationTurn(string) (func(), error) { return func() {}, nil }
