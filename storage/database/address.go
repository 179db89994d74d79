package database

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// kinds are the kinds of database that people name by mistake. Naming one shows no part of a password.
var kinds = []string{
	"mysql", "mariadb", "mssql", "sqlserver", "oracle", "mongodb", "mongodb+srv", "redis", "jdbc", "file", "http",
	"https", "sqlite3", "pgsql", "psql",
}

const addressExample = "Write postgres://user@host/name or sqlite:path/to/watchbell.db"

// unknownAddress says what is wrong with an address that is neither of PostgreSQL nor of SQLite. It shows no part of it
// but a kind it knows: where somebody slipped, any part may be of a password.
func unknownAddress(url string) error {
	kind, _, found := strings.Cut(url, ":")
	if kind = strings.ToLower(kind); found && slices.Contains(kinds, kind) {
		return bot.Errorf(
			bot.Invalid, "DATABASE_URL begins with %s:, which Watchbell does not support. %s", kind, addressExample,
		)
	}
	return bot.Errorf(
		bot.Invalid,
		"DATABASE_URL begins with neither postgres:// nor sqlite:, so Watchbell does not know which database is meant. %s",
		addressExample,
	)
}

// shown is how errors name a SQLite file: by its path, unless that may be an address with a password in it.
func shown(path string) string {
	if strings.ContainsAny(path, "@?=") || strings.Contains(path, "//") || strings.Contains(path, ":") {
		return "named by DATABASE_URL"
	}
	return path
}

// cannotUse says why a file cannot be the database. It does not mend itself, so it is a wrong configuration.
func cannotUse(path, why string, details ...any) *bot.Error {
	return bot.Errorf(
		bot.Invalid, "Cannot use the file %s as the database: %s.", shown(path), fmt.Sprintf(why, details...),
	)
}
