package people

import (
	"encoding/json"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/storage/database"
)

// ofAccount finds a row by the key that accountKey makes.
const ofAccount = "platform = ? AND workspace = ? AND user_id = ?"

func accountKey(a bot.Account) []any { return []any{a.Platform, a.Workspace, a.User} }

type codeRow struct {
	Person    string `gorm:"primaryKey"`
	Hash      string
	Platform  string
	Workspace string
	UserID    string
	MadeAt    time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

func (codeRow) TableName() string { return "link_codes" }

func newCodeRow(c account.Code) *codeRow {
	return &codeRow{
		Person: string(c.Person), Hash: c.Hash, Platform: c.By.Platform, Workspace: c.By.Workspace, UserID: c.By.User,
		MadeAt: c.Made, ExpiresAt: c.Expires, UsedAt: database.OrNull(c.Used),
	}
}

func (r codeRow) code() account.Code {
	return account.Code{
		Person: bot.PersonID(r.Person), Hash: r.Hash,
		By:   bot.Account{Platform: r.Platform, Workspace: r.Workspace, User: r.UserID},
		Made: r.MadeAt.UTC(), Expires: r.ExpiresAt.UTC(), Used: database.OrZero(r.UsedAt),
	}
}

type triesRow struct {
	Platform  string `gorm:"primaryKey"`
	Workspace string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Times     string // as JSON
}

func (triesRow) TableName() string { return "link_tries" }

func newTriesRow(a bot.Account, wrong []time.Time) (*triesRow, error) {
	times, err := json.Marshal(wrong)
	return &triesRow{a.Platform, a.Workspace, a.User, string(times)}, database.Error("encode wrong codes", err)
}

func (r triesRow) wrong() (list []time.Time, err error) {
	err = json.Unmarshal([]byte(r.Times), &list)
	return list, err
}

type moveRow struct {
	Platform   string `gorm:"primaryKey"`
	Workspace  string `gorm:"primaryKey"`
	UserID     string `gorm:"primaryKey"`
	N          int64
	Linked     bool
	FromPerson *string
	ToPerson   string
	ByPerson   string
	At         time.Time
}

func (moveRow) TableName() string { return "account_moves" }

func newMoveRow(m account.Move) *moveRow {
	return &moveRow{
		Platform: m.Account.Platform, Workspace: m.Account.Workspace, UserID: m.Account.User, N: m.N, Linked: m.Linked,
		FromPerson: database.Nobody(m.From), ToPerson: string(m.To), ByPerson: string(m.By), At: m.At,
	}
}

func (r moveRow) move() account.Move {
	return account.Move{
		Account: bot.Account{Platform: r.Platform, Workspace: r.Workspace, User: r.UserID}, N: r.N, Linked: r.Linked,
		From: database.Somebody(r.FromPerson), To: bot.PersonID(r.ToPerson), By: bot.PersonID(r.ByPerson), At: r.At.UTC(),
	}
}
