package oidc

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Claims is what a provider says of somebody, checked.
type Claims struct {
	Issuer  string
	Subject string // within the issuer; it never changes and is never given to somebody else
	Email   string // "" when there is none that looks like one
	// EmailVerified says that the provider vouches for the address: the boolean true, and nothing that resembles it.
	EmailVerified bool
	Name          string
	Groups        []string
}

const (
	// skew is how far a provider's clock may be off.
	skew       = time.Minute
	maxSubject = 255 // by OpenID Connect Core, section 2
	maxEmail   = 254
	maxGroups  = 5000
	maxGroup   = 256
)

// object is a JSON object whose names are compared letter by letter. encoding/json would take EMAIL for email.
type object map[string]json.RawMessage

// readObject refuses a name that is there twice: two readers could take a different one.
func readObject(data []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	o := object{}
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, errors.New("it is not a JSON object")
		}
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("%q is there twice", cut(name))
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, errors.New("it is not a JSON object")
		}
		o[name] = raw
	}
	if _, err := d.Token(); err != nil || d.More() {
		return nil, errors.New("it is not one whole JSON object")
	}
	return o, nil
}

// text is a value that has to be a string; "" when there is none.
func (o object) text(name string) (string, error) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return s, nil
}

// moment is a value that has to be a number of seconds; the zero time when there is none.
func (o object) moment(name string) (time.Time, error) {
	raw, there := o[name]
	if !there {
		return time.Time{}, nil
	}
	var seconds float64
	if err := json.Unmarshal(raw, &seconds); err != nil || string(raw) == "null" || seconds <= 0 || seconds > 1e11 {
		return time.Time{}, fmt.Errorf("%s is not a time", name)
	}
	return time.Unix(int64(seconds), 0), nil
}

// texts is a value that has to be a string or a list of them.
func (o object) texts(name string) ([]string, error) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err == nil {
		return list, nil
	}
	one, err := o.text(name)
	if err != nil {
		return nil, fmt.Errorf("%s is neither a string nor a list of strings", name)
	}
	return []string{one}, nil
}

// expected is what a token has to be for.
type expected struct {
	issuer, client, nonce string
	began, now            time.Time // of the attempt
}

// check holds a token to OpenID Connect Core, section 3.1.3.7: from this provider, for us, for this attempt, now.
func (o object) check(want expected) error {
	if err := o.checkParties(want); err != nil {
		return err
	}
	if err := o.checkTimes(want); err != nil {
		return err
	}
	nonce, err := o.text("nonce")
	if err != nil {
		return err
	}
	if nonce == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(want.nonce)) != 1 {
		return errors.New("the nonce is not the one of this attempt")
	}
	return nil
}

func (o object) checkParties(want expected) error {
	issuer, err := o.text("iss")
	if err != nil {
		return err
	}
	if issuer != want.issuer {
		return fmt.Errorf("the token is from the issuer %q", cut(issuer))
	}
	audience, err := o.texts("aud")
	if err != nil {
		return err
	}
	if !slices.Contains(audience, want.client) {
		return errors.New("the token is for another audience")
	}
	party, err := o.text("azp")
	if err != nil {
		return err
	}
	if _, there := o["azp"]; (there || len(audience) > 1) && party != want.client {
		return errors.New("the token was made for another party (azp)")
	}
	return nil
}

func (o object) checkTimes(want expected) error {
	expires, err := o.moment("exp")
	if err != nil {
		return err
	}
	issued, err := o.moment("iat")
	if err != nil {
		return err
	}
	from, err := o.moment("nbf")
	if err != nil {
		return err
	}
	switch {
	case expires.IsZero():
		return errors.New("the token says no time at which it expires (exp)")
	case issued.IsZero():
		return errors.New("the token says no time at which it was issued (iat)")
	case !want.now.Before(expires.Add(skew)):
		return errors.New("the token has expired")
	case from.After(want.now.Add(skew)):
		return errors.New("the token is not valid yet (nbf)")
	case issued.After(want.now.Add(skew)):
		return errors.New("the token was issued in the future (iat)")
	case issued.Before(want.began.Add(-skew)):
		return errors.New("the token was issued before this attempt began (iat)")
	case !issued.Before(expires):
		return errors.New("the token expired before it was issued")
	}
	return nil
}

// subject is whom the claims are about.
func (o object) subject() (string, error) {
	subject, err := o.text("sub")
	if err != nil {
		return "", err
	}
	outside := func(r rune) bool { return r < ' ' || r > '~' }
	switch {
	case subject == "":
		return "", errors.New("there is no subject (sub)")
	case len(subject) > maxSubject:
		return "", fmt.Errorf("the subject has more than %d characters", maxSubject)
	case strings.ContainsFunc(subject, outside) || strings.TrimSpace(subject) != subject:
		return "", errors.New("the subject has characters that none may have")
	}
	return subject, nil
}

// about reads what the claims say of the person. What is no address is none, and then no claim that it is verified
// counts.
func (o object) about(groupsClaim string) (Claims, error) {
	var c Claims
	var err error
	if c.Subject, err = o.subject(); err != nil {
		return c, err
	}
	email, err := o.text("email")
	if err != nil {
		return c, err
	}
	if isEmail(email) {
		c.Email, c.EmailVerified = email, string(bytes.TrimSpace(o["email_verified"])) == "true"
	}
	for _, claim := range []string{"name", "preferred_username"} {
		if name, err := o.text(claim); err == nil && c.Name == "" {
			c.Name = value.Cut(value.Line(name), 80)
		}
	}
	c.Groups, err = o.groups(groupsClaim)
	return c, err
}

func (o object) groups(claim string) ([]string, error) {
	groups, err := o.texts(claim)
	if err != nil {
		return nil, err
	}
	if len(groups) > maxGroups {
		return nil, fmt.Errorf("there are %d groups, and at most %d are read", len(groups), maxGroups)
	}
	// No group of the configuration looks like these.
	return slices.DeleteFunc(groups, func(g string) bool { return g == "" || len(g) > maxGroup }), nil
}

// isEmail reports whether a text is an address as the configuration may hold it. Letters of other alphabets look like
// Latin ones, so an address that has any finds nobody.
func isEmail(s string) bool {
	name, domain, ok := strings.Cut(s, "@")
	outside := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`@<>()[]\,;:"`, r) }
	return ok && len(s) <= maxEmail && name != "" && strings.Contains(strings.Trim(domain, "."), ".") &&
		!strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.ContainsFunc(name, outside) &&
		!strings.ContainsFunc(domain, outside)
}

// Match finds the person whom claims are about by their address: a configured, active one, and the only one who has it.
// It is asked only for a subject that nobody has signed in with yet.
func (c Claims) Match(configured []bot.Person) (bot.PersonID, bool) {
	if c.Email == "" || !c.EmailVerified {
		return "", false
	}
	var found []bot.Person
	for _, p := range configured {
		if isEmail(p.Email) && strings.EqualFold(p.Email, c.Email) {
			found = append(found, p)
		}
	}
	if len(found) != 1 || !found[0].Active {
		return "", false
	}
	return found[0].ID, true
}

// cut is what a provider said, short enough for a line of the log.
func cut(s string) string { return value.Cut(value.Line(s), 80) }
