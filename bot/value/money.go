package value

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// Money is an amount in one currency. It is counted in whole minor units, so nothing is ever rounded. The zero Money is
// none, and stands for an amount that is not known; 0.00 EUR is not zero in this sense.
type Money struct {
	Minor    int64  // in the smallest unit of the currency, which is a cent of EUR and a yen of JPY
	Currency string // its code by ISO 4217, like EUR
}

// IsZero reports whether it is the zero Money.
func (m Money) IsZero() bool { return m == Money{} }

// String writes it for people, like 1,250.50 EUR: with the code, as symbols like $ stand for several currencies. It is
// what ParseMoney reads, and "" for the zero Money.
func (m Money) String() string {
	if m.IsZero() {
		return ""
	}
	amount, err := currency.NewAmountFromInt64(m.Minor, m.Currency)
	if err != nil { // a currency that has left the list since this was stored
		return m.plain()
	}
	return amounts.Format(amount) + " " + m.Currency
}

var amounts = func() *currency.Formatter {
	f := currency.NewFormatter(currency.NewLocale("en"))
	f.CurrencyDisplay, f.MaxDigits = currency.DisplayNone, currency.DefaultDigits
	return f
}()

// decimals is how many decimals a currency has. Those that are not known, as they were given up, have the usual two.
func decimals(code string) int {
	if n, ok := currency.GetDigits(code); ok {
		return int(n)
	}
	return 2
}

// plain writes it without groups, like 1250.50 EUR.
func (m Money) plain() string {
	sign, digits := "", strconv.FormatInt(m.Minor, 10)
	if m.Minor < 0 {
		sign, digits = "-", digits[1:]
	}
	n := decimals(m.Currency)
	if missing := n + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	whole, fraction := digits[:len(digits)-n], digits[len(digits)-n:]
	if n > 0 {
		whole += "."
	}
	return sign + whole + fraction + " " + m.Currency
}

var (
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	storedMoney  = regexp.MustCompile(`^(-?)(\d+)(?:\.(\d+))? ([A-Z]{3})$`)
)

// MarshalText writes it for programs, like 1250.50 EUR, and the zero Money as "".
func (m Money) MarshalText() ([]byte, error) {
	switch {
	case m.IsZero():
		return nil, nil
	case !currencyCode.MatchString(m.Currency):
		return nil, fmt.Errorf("%q is not the code of a currency", m.Currency)
	}
	return []byte(m.plain()), nil
}

// UnmarshalText reads what MarshalText writes, also in a currency that was given up since then.
func (m *Money) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = Money{}
		return nil
	}
	part := storedMoney.FindStringSubmatch(string(text))
	if part == nil || len(part[3]) > decimals(part[4]) {
		return fmt.Errorf("%s is not an amount like 1250.50 EUR", quote(string(text)))
	}
	minor, err := minorUnits(part[1], part[2], part[3], part[4])
	if err != nil {
		return fmt.Errorf("%s is not an amount that can be counted: %w", quote(string(text)), err)
	}
	*m = Money{minor, part[4]}
	return nil
}

// minorUnits is an error when there are too many to count. The fraction has at most the decimals of the currency.
func minorUnits(sign, whole, fraction, code string) (int64, error) {
	return strconv.ParseInt(sign+whole+fraction+strings.Repeat("0", decimals(code)-len(fraction)), 10, 64)
}

// Add is the sum of two amounts in one currency. The zero Money adds nothing to either. It refuses, with an [*Error],
// two currencies and a sum that is too large.
func (m Money) Add(o Money) (Money, error) {
	sum := m.Minor + o.Minor
	switch {
	case m.IsZero():
		return o, nil
	case o.IsZero():
		return m, nil
	case m.Currency != o.Currency:
		return Money{}, m.differs(o)
	case (sum > m.Minor) != (o.Minor > 0) && o.Minor != 0:
		return Money{}, refuse("%s and %s together are more than can be counted.", m, o)
	}
	return Money{sum, m.Currency}, nil
}

// Compare is -1 when m is less than o, 0 when they are the same and 1 when it is more. It refuses two currencies with
// an [*Error].
func (m Money) Compare(o Money) (int, error) {
	if m.Currency != o.Currency {
		return 0, m.differs(o)
	}
	return cmp.Compare(m.Minor, o.Minor), nil
}

func (m Money) differs(o Money) error {
	return refuse("%s and %s are not in the same currency.", m, o)
}

// CompareUnits compares it with whole units of its currency, such as euros: -1, 0 or 1 as Compare.
func (m Money) CompareUnits(units int64) int {
	unit := int64(1)
	for range decimals(m.Currency) {
		unit *= 10
	}
	return cmp.Or(cmp.Compare(m.Minor/unit, units), cmp.Compare(m.Minor%unit, 0))
}
