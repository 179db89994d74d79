package value

import (
	"math"
	"regexp"
	"strings"

	"github.com/bojanz/currency"
)

// Sign says whether an amount of money may be negative.
type Sign int

const (
	// NotNegative allows nothing below 0.
	NotNegative Sign = iota
	// AnySign allows negative amounts too, such as a reversal.
	AnySign
)

// ParseMoney reads an amount of money as people type it. The currency stands in front or behind and is always given.
//
//	1250.50 EUR  EUR 1250.5  1200EUR  eur 1250     the code by ISO 4217
//	€1250.50  1250,50 €                            a symbol that stands for one currency only
//	1,250.50 EUR  1.250,50 EUR  1'250.50 CHF       groups of three digits, and . or , before the decimals
//	1 250,50 EUR  1,250,000 EUR  1,250 JPY
//	-1250.50 EUR  EUR -1250.50                     AnySign only
//
// It refuses what can be read in two ways: 1,250 EUR and 1.250 EUR, in which one separator stands before three digits,
// EUR 1 250, of which the end may be something else, and symbols such as $. Where a currency has no decimals, like JPY,
// those are groups; where it has three, like KWD, 1.250 has decimals, as String writes them, and 1,250 is refused. It
// also refuses more decimals than the currency has, as nothing is rounded.
func ParseMoney(s string, sign Sign) (Money, error) {
	t, ok := typedAmount(s)
	if !ok {
		return Money{}, notMoney(s)
	}
	negative := sign == NotNegative && t.sign != ""
	if negative { // so that no advice is about a negative amount
		t.sign = ""
	}
	code, err := t.code(s)
	if err != nil {
		return Money{}, err
	}
	whole, fraction, err := t.number(s, code)
	if err != nil {
		return Money{}, err
	}
	minor, err := minorUnits(t.sign, whole, fraction, code)
	switch {
	case err != nil && t.sign != "":
		return Money{}, refuse("%s is less than the limit of %s.", quote(s), Money{math.MinInt64, code})
	case err != nil:
		return Money{}, refuse("%s is more than the limit of %s.", quote(s), Money{math.MaxInt64, code})
	case negative && minor > 0:
		return Money{}, refuse("%s is negative, but this has to be 0 or more. Write %s.", quote(s), Money{minor, code})
	}
	return Money{minor, code}, nil
}

// SpellsMoney reports whether a text that stands among other words is an amount of money, or meant as one: its number
// may be one that ParseMoney refuses. A code that stands alone is in capitals there, as all, try and top are codes too.
func SpellsMoney(s string) bool {
	t, ok := typedAmount(s)
	if !ok || t.apart && t.currency != strings.ToUpper(t.currency) {
		return false
	}
	_, err := ParseMoney(s, AnySign)
	e, refused := err.(*Error)
	return !refused || !e.misspelled
}

func notMoney(s string) error {
	return misspelled("%s is not an amount of money. Write an amount and its currency, like 1250.50 EUR.", quote(s))
}

// typed is an amount of money in its parts.
type typed struct {
	sign, digits string
	currency     string // a code or a symbol
	apart        bool   // it is a word of its own
	front        bool   // it is in front of the number
}

var typedMoney = regexp.MustCompile(
	`^(-?)(?:([A-Za-z]{3}|\p{Sc})( ?))?(-?)([0-9][0-9.,' ]*?)(?:( ?)([A-Za-z]{3}|\p{Sc}))?$`)

const longestAmount = 60 // bytes; the largest amount takes half of that

// typedAmount takes an amount apart. It reports false for what is none, whatever currencies there are.
func typedAmount(s string) (typed, bool) {
	text := strings.NewReplacer("\u2212", "-", "’", "'").Replace(Line(s))
	m := typedMoney.FindStringSubmatch(text)
	switch {
	case m == nil, len(text) > longestAmount, m[1] != "" && m[4] != "", m[2] != "" && m[7] != "":
		return typed{}, false
	}
	return typed{
		sign: m[1] + m[4], digits: m[5], currency: m[2] + m[7], apart: m[3]+m[6] != "", front: m[2] != "",
	}, true
}

// symbols are those that stand for one currency.
var symbols = map[string]string{"€": "EUR", "₹": "INR", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₪": "ILS", "₫": "VND"}

// shared are symbols of several currencies, with the one to name in an example.
var shared = map[string]string{"$": "USD", "£": "GBP", "¥": "JPY", "₩": "KRW", "₨": "PKR"}

// code is the currency that an amount is in.
func (t typed) code(s string) (string, error) {
	code := strings.ToUpper(t.currency)
	switch {
	case code == "":
		return "", misspelled("%s has no currency. Write its code too, like 1250.50 EUR.", quote(s))
	case symbols[code] != "":
		return symbols[code], nil
	case shared[code] != "":
		return "", refuse("%s stands for several currencies. Write the code of yours, like 1250.50 %s.",
			code, shared[code])
	case len(code) == 3 && currency.IsValid(code):
		return code, nil
	}
	if near := Nearest(code, currency.GetCurrencyCodes()); near != "" {
		return "", misspelled("%s is not the code of a currency. Did you mean %s?", quote(t.currency), near)
	}
	return "", misspelled("%s is not the code of a currency. Write one of ISO 4217, like EUR, GBP or USD.",
		quote(t.currency))
}

var (
	plainNumber = regexp.MustCompile(`^(\d+)(?:[.,](\d+))?$`)
	byComma     = regexp.MustCompile(`^([1-9]\d{0,2}(?:,\d{3})+)(?:\.(\d+))?$`)
	byDot       = regexp.MustCompile(`^([1-9]\d{0,2}(?:\.\d{3})+)(?:,(\d+))?$`)
	bySpace     = regexp.MustCompile(`^([1-9]\d{0,2}(?: \d{3})+)(?:[.,](\d+))?$`)
	byTick      = regexp.MustCompile(`^([1-9]\d{0,2}(?:'\d{3})+)(?:[.,](\d+))?$`)
	oneMark     = regexp.MustCompile(`^([1-9]\d{0,2})([.,])(\d{3})$`)
	groupMarks  = strings.NewReplacer(",", "", ".", "", " ", "", "'", "")
)

// number is what stands before and after the decimal point.
func (t typed) number(s, code string) (whole, fraction string, err error) {
	places := decimals(code)
	if m := oneMark.FindStringSubmatch(t.digits); m != nil {
		switch {
		case places == 0:
			return m[1] + m[3], "", nil
		case places == 3 && m[2] == ".":
			return m[1], m[3], nil
		}
		return "", "", refuse("%s can be read in two ways. Write %s %s for thousands, or %s.%s %s with decimals.",
			quote(s), t.sign+m[1]+m[3], code, t.sign+m[1], (m[3] + "0")[:places], code)
	}
	for _, form := range []*regexp.Regexp{plainNumber, byComma, byDot, bySpace, byTick} {
		m := form.FindStringSubmatch(t.digits)
		if m == nil {
			continue
		}
		whole, fraction = groupMarks.Replace(m[1]), m[2]
		switch {
		case t.front && form == bySpace: // nothing marks the end: in "EUR 5 100 servers" it may be EUR 5
			return "", "", refuse("%s has a space inside the number. Write %s %s.", quote(s), t.sign+whole, code)
		case len(fraction) > places && places == 0:
			return "", "", refuse("%s has decimals, but %s has none. Write %s %s.", quote(s), code, t.sign+whole, code)
		case len(fraction) > places:
			return "", "", refuse("%s has %d decimals, but %s has at most %d. Write %s.%s %s.",
				quote(s), len(fraction), code, places, t.sign+whole, fraction[:places], code)
		}
		return whole, fraction, nil
	}
	return "", "", notMoney(s)
}
