package value

import "regexp"

var snowflake = regexp.MustCompile(`^[1-9][0-9]{16,19}$`)

// Snowflake reports whether a text looks like an id in Discord: a number of 17 to 20 digits.
func Snowflake(s string) bool { return snowflake.MatchString(s) }
