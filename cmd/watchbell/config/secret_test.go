package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const variable = "WATCHBELL_TEST_SECRET"

// Row B141. The value never shows in a message.
func TestSecretFromTheEnvironment(t *testing.T) {
	for _, c := range []struct{ name, value, want, refused string }{
		{"good", "s3cret", "s3cret", ""},
		{"space inside", "correct horse", "correct horse", ""},
		{"line end", "s3cret\n", "s3cret", ""},
		{"line end of Windows", "s3cret\r\n", "s3cret", ""},
		{"placeholder as a part", "xxx-changeme", "xxx-changeme", ""},
		{"empty", "", "", " is set but empty. Unset it, or give it a value."},
		{"line end alone", "\n", "", " is set but empty. Unset it, or give it a value."},
		{"only spaces", "  \t", "", " holds only white space."},
		{"two lines", "s3cret\nx", "", " holds more than one line."},
		{"control character", "s3cret\x01", "", " holds characters that no secret has."},
		{"no UTF-8", "s3cret\xff", "", " holds characters that no secret has."},
		{"space at the end", "s3cret ", "", " begins or ends with white space."},
		{"changeme", "changeme", "", " still holds a placeholder. Put the real secret there."},
		{"CHANGE-ME", "CHANGE-ME\n", "", " still holds a placeholder. Put the real secret there."},
		{"xxx", "xxx", "", " still holds a placeholder. Put the real secret there."},
		{"todo", " TODO", "", " still holds a placeholder. Put the real secret there."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(variable, c.value)
			checkSecret(t, c.want, variable, c.refused)
		})
	}
}

func checkSecret(t *testing.T, want, name, refused string) {
	t.Helper()
	got, err := Secret(variable)
	switch {
	case refused == "" && (err != nil || got != want):
		t.Errorf("got %q, %v", got, err)
	case refused != "" && (err == nil || err.Error() != name+refused || got != "" || !IsError(err)):
		t.Errorf("got %q, %v", got, err)
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v shows the value", err)
	}
}

func TestSecretNotSet(t *testing.T) {
	checkSecret(t, "", "", "")
}

// Row B142.
func TestSecretFromAFile(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, value   string
		mode          os.FileMode
		want, refused string
	}{
		{"good", "s3cret", 0o600, "s3cret", ""},
		{"read-only", "s3cret\n", 0o400, "s3cret", ""},
		{"empty", "", 0o600, "", " is set but empty. Unset it, or give it a value."},
		{"placeholder", "changeme\n", 0o600, "", " still holds a placeholder. Put the real secret there."},
		{"two lines", "s3cret\nx\n", 0o600, "", " holds more than one line."},
		{"large", strings.Repeat("x", maxSecret+1), 0o600, "", ": the file is larger than 64 KiB."},
		{"others", "s3cret", 0o644, "", ": the mode 0644 opens it to other users. Run: chmod 600 " + dir + "/others"},
		{"group", "s3cret", 0o640, "", ": the mode 0640 opens it to other users. Run: chmod 600 " + dir + "/group"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.name)
			if err := os.WriteFile(path, []byte(c.value), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			t.Setenv(variable+"_FILE", path)
			checkSecret(t, c.want, variable+"_FILE", c.refused)
		})
	}
}

func TestSecretVariablesThatCannotBeUsed(t *testing.T) {
	file := variable + "_FILE"
	t.Setenv(file, "")
	checkSecret(t, "", file, " is set but empty. Unset it, or set it to the path of a file.")
	t.Setenv(file, t.TempDir())
	checkSecret(t, "", file, ": this is a directory, not a file.")
	t.Setenv(file, "s3cret") // the secret itself instead of a path
	checkSecret(t, "", file, ": there is no such file.")
	t.Setenv(variable, "")
	checkSecret(t, "", "", variable+" and "+file+" are both set. Unset one.")
}

// Container runtimes mount secrets readable for every user. Nobody but the owner may change them, there either.
func TestSecretOfAContainer(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "db")
	if err := os.WriteFile(path, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode         os.FileMode
		path, folder string
		ok           bool
	}{
		{0o444, path, folder, true},
		{0o644, path, folder, true},
		{0o644, folder + "/./db", folder, true},
		{0o664, path, folder, false},
		{0o666, path, folder, false},
		{0o644, path, folder + "/d", false},
		{0o644, folder + "/x/../db", folder + "/x", false},
	} {
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		text, complaint := readSecret(c.path, c.folder)
		if (complaint == "") != c.ok || c.ok && text != "s3cret" {
			t.Errorf("%04o %s in %s: %q", c.mode, c.path, c.folder, complaint)
		}
	}
}
