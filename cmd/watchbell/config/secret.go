package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// secretFolder is where container runtimes mount secrets. They are readable by every user of the container, which has
	// only one.
	secretFolder = "/run/secrets"

	maxSecret = 64 << 10
)

// placeholder is what sample files put where a secret belongs.
var placeholder = regexp.MustCompile(`(?i)^(change[-_ ]?me|x{3,}|todo)$`)

// Secret returns the environment variable name, or what is in the file that the variable name_FILE names, without line
// ends at its end. It is "" when neither variable is set. The error is an [Error] that names the variable and never
// shows the value.
func Secret(name string) (string, error) {
	inFile := name + "_FILE"
	text, set := os.LookupEnv(name)
	path, fileSet := os.LookupEnv(inFile)
	switch {
	case set && fileSet:
		return "", secretError("%s and %s are both set. Unset one.", name, inFile)
	case !set && !fileSet:
		return "", nil
	case fileSet && strings.TrimSpace(path) == "":
		return "", secretError("%s is set but empty. Unset it, or set it to the path of a file.", inFile)
	case fileSet:
		var complaint string
		if text, complaint = readSecret(path, secretFolder); complaint != "" {
			return "", secretError("%s: %s", inFile, complaint) // the path may be the secret itself, set by mistake
		}
		name = inFile
	}
	text = strings.TrimRight(text, "\r\n")
	if complaint := weak(text); complaint != "" {
		return "", secretError("%s %s", name, complaint)
	}
	return text, nil
}

func secretError(format string, args ...any) error { return &Error{Text: fmt.Sprintf(format, args...)} }

// weak says what makes text no usable secret; its answers continue the name of the variable.
func weak(text string) string {
	switch {
	case text == "":
		return "is set but empty. Unset it, or give it a value."
	case strings.TrimSpace(text) == "":
		return "holds only white space."
	case placeholder.MatchString(strings.TrimSpace(text)):
		return "still holds a placeholder. Put the real secret there."
	case strings.ContainsAny(text, "\r\n"):
		return "holds more than one line."
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "holds characters that no secret has."
	case strings.TrimSpace(text) != text:
		return "begins or ends with white space."
	}
	return ""
}

// readSecret refuses a file that other users may read, unless it is in the folder of a container's secrets and only its
// owner may change it.
func readSecret(path, folder string) (text, complaint string) {
	private := fs.FileMode(0o077)
	if strings.HasPrefix(filepath.Clean(path), folder+"/") {
		private = 0o022
	}
	data, complaint := readFile(path, maxSecret+1, func(mode fs.FileMode) string {
		if mode.Perm()&private == 0 {
			return ""
		}
		return fmt.Sprintf("the mode %04o opens it to other users. Run: chmod 600 %s", mode.Perm(), path)
	})
	if complaint == "" && len(data) > maxSecret {
		complaint = "the file is larger than 64 KiB."
	}
	return string(data), complaint
}
