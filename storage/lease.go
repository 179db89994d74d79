package storage

// leaseNow is the time that leases are measured by: the database's own, so that instances need not agree on theirs.
func (d dialect) leaseNow() string {
	if d == postgresDialect {
		return "clock_timestamp()"
	}
	return "?"
}

func (d dialect) leaseEnd() string {
	if d == postgresDialect {
		return "clock_timestamp() + make_interval(secs => ?)"
	}
	return "?"
}

func (d dialect) skipLocked() string {
	if d == postgresDialect {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}
