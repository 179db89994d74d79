package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"

	"github.com/watchbell/watchbell/bot"
)

// Code is what is kept of a one-time code. A person has one at a time: the newest.
type Code struct {
	Person  bot.PersonID
	By      bot.Account // that made it
	Hash    string      // of the code itself, which is kept nowhere
	Made    time.Time
	Expires time.Time
	Used    time.Time // zero: not yet
}

const (
	codeLife = 5 * time.Minute
	codeSize = 8 // characters of five bits each
)

// alphabet has no two characters that look alike: neither 0 and O nor 1 and I.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// NewCode makes a code of 40 random bits.
func NewCode() string {
	var random [codeSize]byte
	_, _ = rand.Read(random[:]) // never fails
	for i, b := range random {
		random[i] = alphabet[b%byte(len(alphabet))] // 256 is a multiple of 32, so all are equally likely
	}
	return string(random[:])
}

// Grouped is a code as people read it, like 7KQ2-M9XD.
func Grouped(code string) string { return code[:codeSize/2] + "-" + code[codeSize/2:] }

// ParseCode reads a code as somebody types it: in any case, with whatever stands between its groups.
func ParseCode(raw string) (string, error) {
	code := strings.Map(func(r rune) rune {
		if r == '`' || r == '−' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, raw)
	if len(code) != codeSize || strings.Trim(code, alphabet) != "" {
		return "", bot.Errorf(
			bot.Invalid, "Code: %q is not a code. A code has 8 letters and digits, like 7KQ2-M9XD. Make one where Watchbell "+
				"knows you, with: /ops me link", bot.Shown(raw),
		).About("code")
	}
	return code, nil
}

// hashCode is what is kept of a code: without the installation's secret nobody can try out which code it is of.
func hashCode(secret []byte, code string) string {
	derive := hmac.New(sha256.New, secret)
	_, _ = derive.Write([]byte("watchbell/link-code/1"))
	mac := hmac.New(sha256.New, derive.Sum(nil))
	_, _ = mac.Write([]byte(code))
	return hex.EncodeToString(mac.Sum(nil))
}

const (
	wrongMost   = 5
	wrongWithin = 15 * time.Minute
)

// recent are the wrong codes that still count against an account.
func recent(wrong []time.Time, now time.Time) []time.Time {
	var list []time.Time
	for _, at := range wrong {
		if now.Sub(at) < wrongWithin {
			list = append(list, at)
		}
	}
	return list
}

// tooMany refuses an account that typed too many wrong codes, whatever it types now.
func tooMany(wrong []time.Time, now time.Time) error {
	list := recent(wrong, now)
	if len(list) < wrongMost {
		return nil
	}
	return bot.Errorf(
		bot.Forbidden, "%d wrong codes were typed with this account within 15 minutes, so it cannot use any code until %s. "+
			"Then make a new one: /ops me link", wrongMost, list[len(list)-wrongMost].Add(wrongWithin),
	)
}
