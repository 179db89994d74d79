package value

import "testing"

func TestSnowflake(t *testing.T) {
	for text, want := range map[string]bool{
		"80351110224678912":     true, // the oldest have 17 digits
		"18446744073709551615":  true,
		"8035111022467891":      false,
		"803511102246789123456": false,
		"080351110224678912":    false,
		"8035111022467891a":     false,
		"８0351110224678912":     false,
		"":                      false,
	} {
		t.Run(text, func(t *testing.T) {
			if got := Snowflake(text); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
