package main

import (
	"os"
	"os/user"
	"strconv"
)

// cliPlatform is the platform of what people do with the program itself.
const cliPlatform = "cli"

// operator is the user of the operating system who runs this program. With --as they act as somebody else, so the audit
// log names both.
func operator() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
