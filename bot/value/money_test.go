package value

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/bojanz/currency"
	"pgregory.net/rapid"
)

func TestParseMoneyReads(t *testing.T) {
	for _, c := range []struct {
		text string
		want Money
	}{
		{"1250.50 EUR", Money{125050, "EUR"}},
		{"1,250.50 EUR", Money{125050, "EUR"}},
		{"EUR 1250.5", Money{125050, "EUR"}},
		{"1200EUR", Money{120000, "EUR"}},
		{"eur 1250", Money{125000, "EUR"}},
		{"EUR1250", Money{125000, "EUR"}},
		{"€1.250,50", Money{125050, "EUR"}},
		{"1250,5 €", Money{125050, "EUR"}},
		{"1'250.50 CHF", Money{125050, "CHF"}},
		{"1’250 CHF", Money{125000, "CHF"}},
		{"1 250,50 EUR", Money{125050, "EUR"}},
		{"1\u00a0250\u202f000,50 EUR", Money{125000050, "EUR"}},
		{"1,250,000 EUR", Money{125000000, "EUR"}},
		{"1.250.000 EUR", Money{125000000, "EUR"}},
		{"0.05 EUR", Money{5, "EUR"}},
		{"0,5 EUR", Money{50, "EUR"}},
		{"0 EUR", Money{0, "EUR"}},
		{"007 EUR", Money{700, "EUR"}},
		{"1250 JPY", Money{1250, "JPY"}},
		{"1,250 JPY", Money{1250, "JPY"}},
		{"1.250 JPY", Money{1250, "JPY"}},
		{"1.250 KWD", Money{1250, "KWD"}},
		{"1250.5 KWD", Money{1250500, "KWD"}},
		{"1,250.125 KWD", Money{1250125, "KWD"}},
		{"₹1,250.50", Money{125050, "INR"}},
		{"-1250.50 EUR", Money{-125050, "EUR"}},
		{"\u22121250.50 EUR", Money{-125050, "EUR"}},
		{"EUR -1250.50", Money{-125050, "EUR"}},
		{"-€5", Money{-500, "EUR"}},
		{"92,233,720,368,547,758.07 EUR", Money{math.MaxInt64, "EUR"}},
		{"-92,233,720,368,547,758.08 EUR", Money{math.MinInt64, "EUR"}},
		{"\u200b 5 EUR\x00", Money{500, "EUR"}},
	} {
		t.Run(c.text, func(t *testing.T) {
			if got, err := ParseMoney(c.text, AnySign); err != nil || got != c.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

var amountIn = regexp.MustCompile(`-?[\d.,]*\d [A-Z]{3}\b`)

func TestParseMoneyRefuses(t *testing.T) {
	const none = " is not an amount of money. Write an amount and its currency, like 1250.50 EUR."
	for _, c := range []struct{ text, want string }{
		{"", `""` + none},
		{"EUR", `"EUR"` + none},
		{"a lot", `"a lot"` + none},
		{"1e3 EUR", `"1e3 EUR"` + none},
		{"5 million EUR", `"5 million EUR"` + none},
		{"1.2k EUR", `"1.2k EUR"` + none},
		{"0x10 EUR", `"0x10 EUR"` + none},
		{"٣ EUR", `"٣ EUR"` + none},
		{"1,25,000 EUR", `"1,25,000 EUR"` + none},
		{"1.250.50 EUR", `"1.250.50 EUR"` + none},
		{"1,250.50,00 EUR", `"1,250.50,00 EUR"` + none},
		{"5. EUR", `"5. EUR"` + none},
		{".5 EUR", `".5 EUR"` + none},
		{"5 EUR EUR", `"5 EUR EUR"` + none},
		{"EUR 5 USD", `"EUR 5 USD"` + none},
		{"EUR 1 25", `"EUR 1 25"` + none},
		{"EUR 1 250", `"EUR 1 250" has a space inside the number. Write 1250 EUR.`},
		{"--5 EUR", `"--5 EUR"` + none},
		{"-EUR -5", `"-EUR -5"` + none},
		{"US$5", `"US$5"` + none},
		{"1250", `"1250" has no currency. Write its code too, like 1250.50 EUR.`},
		{"$1250", `$ stands for several currencies. Write the code of yours, like 1250.50 USD.`},
		{"£1250", `£ stands for several currencies. Write the code of yours, like 1250.50 GBP.`},
		{"1250 EUX", `"EUX" is not the code of a currency. Did you mean EUR?`},
		{"1250 QQQ", `"QQQ" is not the code of a currency. Write one of ISO 4217, like EUR, GBP or USD.`},
		{"1250 ₸", `"₸" is not the code of a currency. Write one of ISO 4217, like EUR, GBP or USD.`},
		{"1,250 EUR", `"1,250 EUR" can be read in two ways. Write 1250 EUR for thousands, or 1.25 EUR with decimals.`},
		{"€1.250", `"€1.250" can be read in two ways. Write 1250 EUR for thousands, or 1.25 EUR with decimals.`},
		{"1,250 KWD", `"1,250 KWD" can be read in two ways. Write 1250 KWD for thousands, or 1.250 KWD with decimals.`},
		{"1.250 CLF",
			`"1.250 CLF" can be read in two ways. Write 1250 CLF for thousands, or 1.2500 CLF with decimals.`},
		{"0.125 EUR", `"0.125 EUR" has 3 decimals, but EUR has at most 2. Write 0.12 EUR.`},
		{"1,250.500 EUR", `"1,250.500 EUR" has 3 decimals, but EUR has at most 2. Write 1250.50 EUR.`},
		{"1250.5 JPY", `"1250.5 JPY" has decimals, but JPY has none. Write 1250 JPY.`},
		{"-5 EUR", `"-5 EUR" is negative, but this has to be 0 or more. Write 5.00 EUR.`},
		{"-0.125 EUR", `"-0.125 EUR" has 3 decimals, but EUR has at most 2. Write 0.12 EUR.`},
		{"92233720368547758.08 EUR",
			`"92233720368547758.08 EUR" is more than the limit of 92,233,720,368,547,758.07 EUR.`},
		{"-92233720368547758.09 EUR",
			`"-92233720368547758.09 EUR" is more than the limit of 92,233,720,368,547,758.07 EUR.`},
		{strings.Repeat("9", 100) + " EUR", `"` + strings.Repeat("9", 79) + `…"` + none},
	} {
		t.Run(c.text, func(t *testing.T) {
			m, err := ParseMoney(c.text, NotNegative)
			if err == nil || err.Error() != c.want {
				t.Fatalf("%v, %v", m, err)
			}
			checkError(t, err)
			_, advice, _ := strings.Cut(err.Error(), "Write ")
			for _, example := range amountIn.FindAllString(advice, -1) {
				if _, err := ParseMoney(example, NotNegative); err != nil {
					t.Errorf("it suggests %q, but: %v", example, err)
				}
			}
		})
	}
	m, err := ParseMoney("-92233720368547758.09 EUR", AnySign)
	if err == nil || !strings.Contains(err.Error(), "less than the limit of -92,233,720,368,547,758.08 EUR") {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := ParseMoney("-0.00 EUR", NotNegative); err != nil || m != (Money{0, "EUR"}) {
		t.Errorf("%v, %v", m, err)
	}
}

func TestSpellsMoney(t *testing.T) {
	for text, want := range map[string]bool{
		"1200EUR": true, "1200 EUR": true, "EUR 1200": true, "€5": true, "5 €": true, "1200eur": true,
		"1 250,50 EUR": true, "1,250 EUR": true, "$5": true, "-5 EUR": true, "0.125 EUR": true, "€1 250": true,
		"1200": false, "5 all": false, "5 try": false, "eur 5": false, "5 servers": false, "5 DNS": false,
		"€1 25": false, "€5 EUR": false, "": false,
	} {
		t.Run(text, func(t *testing.T) {
			if got := SpellsMoney(text); got != want {
				t.Errorf("%t", got)
			}
		})
	}
}

func genMoney() *rapid.Generator[Money] {
	return rapid.Custom(func(t *rapid.T) Money {
		minor := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2_000_000, 2_000_000)).Draw(t, "minor")
		return Money{minor, rapid.SampledFrom(currency.GetCurrencyCodes()).Draw(t, "currency")}
	})
}

// However an amount is written, no minor unit is lost.
func TestMoneyIsReadAsItIsWritten(t *testing.T) {
	same := func(t interface{ Fatalf(string, ...any) }, m Money) {
		if got, err := ParseMoney(m.String(), AnySign); err != nil || got != m {
			t.Fatalf("%+v is %s, which is %+v, %v", m, m, got, err)
		}
		data, err := json.Marshal([]Money{m})
		var back []Money
		if err != nil || json.Unmarshal(data, &back) != nil || back[0] != m {
			t.Fatalf("%+v is %s, which is %+v, %v", m, data, back, err)
		}
		// People read the same number in both.
		if strings.ReplaceAll(m.String(), ",", "") != m.plain() {
			t.Fatalf("%s and %s", m, m.plain())
		}
		number, _, _ := strings.Cut(m.String(), " ")
		if got, err := ParseMoney(m.Currency+" "+number, AnySign); err != nil || got != m {
			t.Fatalf("%s in front is %+v, %v", m.Currency, got, err)
		}
	}
	edges := []int64{0, 1, -1, 9, 99, 100, 999, 1000, 1250, 9999, 10000, 99999, 100000, 1234567}
	edges = append(edges, math.MaxInt64, math.MinInt64)
	for _, code := range currency.GetCurrencyCodes() {
		for _, minor := range edges {
			same(t, Money{minor, code})
		}
	}
	rapid.Check(t, func(t *rapid.T) { same(t, genMoney().Draw(t, "money")) })
}

func TestMoneyAsText(t *testing.T) {
	for text, want := range map[string]Money{
		"": {}, "1250.50 EUR": {125050, "EUR"}, "-0.05 EUR": {-5, "EUR"}, "5 EUR": {500, "EUR"},
		"5.5 EUR":     {550, "EUR"},
		"1250.50 DEM": {125050, "DEM"}, // given up, and still on record
	} {
		var m Money
		if err := m.UnmarshalText([]byte(text)); err != nil || m != want {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
	if got := (Money{-125050, "DEM"}).String(); got != "-1250.50 DEM" {
		t.Error(got)
	}
	for _, bad := range []string{
		"1250.505 EUR", "1,250.50 EUR", "1250.50", "1250.50 eur", "EUR 5", "99999999999999999999 EUR",
		"5.5 JPY", "€5", " ",
	} {
		m := Money{1, "USD"}
		if err := m.UnmarshalText([]byte(bad)); err == nil || m != (Money{1, "USD"}) {
			t.Errorf("%q was read as %v", bad, m)
		}
	}
	if data, err := json.Marshal(Money{5, "euro"}); err == nil {
		t.Errorf("written as %s", data)
	}
	type record struct {
		Cost Money `json:"cost,omitzero"`
	}
	data, err := json.Marshal([]record{{}, {Money{0, "EUR"}}})
	if err != nil || string(data) != `[{},{"cost":"0.00 EUR"}]` {
		t.Errorf("%s, %v", data, err)
	}
}

func TestMoneyIsAddedWithinOneCurrency(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Money
		want string
	}{
		{"two amounts", Money{125050, "EUR"}, Money{50, "EUR"}, "1,251.00 EUR"},
		{"a reversal", Money{125050, "EUR"}, Money{-125050, "EUR"}, "0.00 EUR"},
		{"the first of a sum", Money{}, Money{5, "EUR"}, "0.05 EUR"},
		{"nothing known", Money{5, "EUR"}, Money{}, "0.05 EUR"},
		{"nothing", Money{5, "EUR"}, Money{0, "EUR"}, "0.05 EUR"},
		{"the largest", Money{math.MaxInt64, "EUR"}, Money{math.MinInt64, "EUR"}, "-0.01 EUR"},
		{"two currencies", Money{5, "EUR"}, Money{5, "USD"}, "0.05 EUR and 0.05 USD are not in the same currency."},
		{"nothing in another currency", Money{5, "EUR"}, Money{0, "USD"},
			"0.05 EUR and 0.00 USD are not in the same currency."},
		{"too much", Money{math.MaxInt64, "JPY"}, Money{1, "JPY"},
			"9,223,372,036,854,775,807 JPY and 1 JPY together are more than can be counted."},
		{"too little", Money{math.MinInt64, "JPY"}, Money{-1, "JPY"},
			"-9,223,372,036,854,775,808 JPY and -1 JPY together are more than can be counted."},
	} {
		t.Run(c.name, func(t *testing.T) {
			sum, err := c.a.Add(c.b)
			got := sum.String()
			if err != nil {
				checkError(t, err)
				got = err.Error()
			}
			if got != c.want {
				t.Error(got)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := genMoney().Draw(t, "a"), genMoney().Draw(t, "b")
		b.Currency = a.Currency
		x, errX := a.Add(b)
		y, errY := b.Add(a)
		less, err := a.Compare(b)
		if x != y || (errX == nil) != (errY == nil) || err != nil || (less < 0) != (a.Minor < b.Minor) {
			t.Fatalf("%v %v, %v %v, %d %v", x, errX, y, errY, less, err)
		}
		if errX == nil && x.Minor-b.Minor != a.Minor {
			t.Fatalf("%v", x)
		}
	})
}

func TestMoneyIsCompared(t *testing.T) {
	if _, err := (Money{5, "EUR"}).Compare(Money{5, "USD"}); err == nil {
		t.Error("two currencies were compared")
	}
	for _, c := range []struct {
		m     Money
		units int64
		want  int
	}{
		{Money{10000, "EUR"}, 100, 0}, {Money{9999, "EUR"}, 100, -1}, {Money{10001, "EUR"}, 100, 1},
		{Money{-1, "EUR"}, 0, -1}, {Money{1, "EUR"}, 0, 1}, {Money{-101, "EUR"}, -1, -1}, {Money{-99, "EUR"}, -1, 1},
		{Money{100, "JPY"}, 100, 0}, {Money{1, "EUR"}, math.MaxInt64, -1},
	} {
		if got := c.m.CompareUnits(c.units); got != c.want {
			t.Errorf("%s and %d: %d", c.m, c.units, got)
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{
		"1,250.50 EUR", "€1.250,50", "1 250 EUR", "EUR -5", "$5", "1,250 KWD", "99999999999999999999 JPY", "5\u00a0€",
		"\xff5 EUR", "5 all", "-",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMoney(s, AnySign)
		if err != nil {
			checkError(t, err)
			return
		}
		if again, err := ParseMoney(m.String(), AnySign); err != nil || again != m {
			t.Errorf("%q is %+v, written %s, which is %+v, %v", s, m, m, again, err)
		}
		// Its digits are those that were typed.
		digits := func(s string) string {
			return strings.Trim(strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s), "0")
		}
		if digits(Line(s)) != digits(m.plain()) {
			t.Errorf("%q became %s", s, m)
		}
		if n, err := ParseMoney(s, NotNegative); (err == nil) != (m.Minor >= 0) || err == nil && n != m {
			t.Errorf("%q: %v, %v", s, n, err)
		}
	})
}
