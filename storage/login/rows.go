package login

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

type sessionRow struct {
	ID      string `gorm:"primaryKey"`
	Person  string
	MadeAt  time.Time
	SeenAt  time.Time
	Way     string
	Factor  string
	Address string
	Agent   string
}

func (sessionRow) TableName() string { return "sessions" }

func newSessionRow(s login.Session) *sessionRow {
	return &sessionRow{s.ID, string(s.Person), s.Made, s.Seen, s.Way, s.Factor, s.Address, s.Agent}
}

func (r sessionRow) session() login.Session {
	return login.Session{
		ID: r.ID, Person: bot.PersonID(r.Person), Made: r.MadeAt.UTC(), Seen: r.SeenAt.UTC(), Way: r.Way, Factor: r.Factor,
		Address: r.Address, Agent: r.Agent,
	}
}

type linkRow struct {
	Hash      string `gorm:"primaryKey"`
	Purpose   string
	Person    *string
	MadeBy    string
	Next      string
	MadeAt    time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

func (linkRow) TableName() string { return "login_links" }

func newLinkRow(l login.Link) *linkRow {
	return &linkRow{
		l.Hash, string(l.For), database.Nobody(l.Person), l.By, l.Next, l.Made, l.Expires, database.OrNull(l.Used),
	}
}

func (r linkRow) link() login.Link {
	return login.Link{
		Hash: r.Hash, For: login.Purpose(r.Purpose), Person: database.Somebody(r.Person), By: r.MadeBy, Next: r.Next,
		Made: r.MadeAt.UTC(), Expires: r.ExpiresAt.UTC(), Used: database.OrZero(r.UsedAt),
	}
}

type recoveryRow struct {
	Hash   string `gorm:"primaryKey"`
	Person string
	MadeAt time.Time
	UsedAt *time.Time
}

func (recoveryRow) TableName() string { return "recovery_codes" }

// founderRow is a person as the first administrator is made.
type founderRow struct {
	ID       string `gorm:"primaryKey"`
	Name     string
	Email    string
	Zone     string
	Roles    string
	Active   bool
	Enrolled bool
	MadeHere bool
}

func (founderRow) TableName() string { return "people" }

func newFounderRow(p bot.Person) *founderRow {
	return &founderRow{string(p.ID), p.Name, p.Email, "", strings.Join(p.Roles, " "), true, true, true}
}

// accountRow is one of the accounts that everybody has.
type accountRow struct {
	Platform  string `gorm:"primaryKey"`
	Workspace string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Person    string
	Enrolled  bool
}

func (accountRow) TableName() string { return "accounts" }
