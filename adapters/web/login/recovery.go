package login

import (
	"crypto/rand"
	"strings"
	"unicode"

	"github.com/watchbell/watchbell/bot"
)

// Recovery codes are for people who lost their passkey or cannot reach chat. A person has ten, each good for one
// sign-in. A code has 80 random bits, so it also says whose it is, and nobody finds one by trying.
const (
	recoveryCodes = 10
	recoverySize  = 16 // characters of five bits each
	recoveryGroup = 4
)

// alphabet has no two characters that look alike: neither 0 and O nor 1 and I.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newRecoveryCodes makes ten codes as people read them, and what is kept of them.
func newRecoveryCodes() (codes, hashes []string) {
	for range recoveryCodes {
		var random [recoverySize]byte
		_, _ = rand.Read(random[:]) // never fails
		for i, b := range random {
			random[i] = alphabet[b%byte(len(alphabet))] // 256 is a multiple of 32, so all are equally likely
		}
		code := string(random[:])
		codes, hashes = append(codes, grouped(code)), append(hashes, hashed(code))
	}
	return codes, hashes
}

// grouped is a code as people read it, like 7KQ2-M9XD-4TRW-8HBN.
func grouped(code string) string {
	var groups []string
	for i := 0; i < len(code); i += recoveryGroup {
		groups = append(groups, code[i:i+recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// parseRecovery reads a code as somebody types it: in any case, with whatever stands between its groups.
func parseRecovery(raw string) (string, error) {
	code := strings.Map(func(r rune) rune {
		if r == '`' || r == '−' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, raw)
	if len(code) != recoverySize || strings.Trim(code, alphabet) != "" {
		return "", bot.Errorf(
			bot.Invalid, "Recovery code: a code has 16 letters and digits, like 7KQ2-M9XD-4TRW-8HBN.",
		).About("code")
	}
	return code, nil
}

var errRecovery = bot.Errorf(
	bot.Invalid, "Recovery code: this one does not work. Either it is mistyped, it was used before, or you have made newer "+
		"ones.",
).About("code")
