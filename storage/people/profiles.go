package people

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/database"
)

// profileRow is what a platform said about an account that belongs to somebody. An e-mail address is not kept: it
// counts only while the platform vouches for it.
type profileRow struct {
	Platform  string `gorm:"primaryKey"`
	Workspace string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	Name      string
	Zone      string
	Standing  string
	At        time.Time
}

func (profileRow) TableName() string { return "profiles" }

func newProfileRow(p bot.KeptProfile) profileRow {
	zone := ""
	if p.Zone != nil {
		zone = p.Zone.String()
	}
	a := p.Account
	return profileRow{
		a.Platform, a.Workspace, a.User, p.Name, zone, string(p.Standing), p.At.UTC().Truncate(time.Microsecond),
	}
}

func (r profileRow) profile() bot.KeptProfile {
	p := bot.Profile{
		Account: bot.Account{Platform: r.Platform, Workspace: r.Workspace, User: r.UserID}, Name: r.Name,
		Standing: bot.Standing(r.Standing),
	}
	if zone, err := value.Zone(r.Zone); err == nil && r.Zone != "" {
		p.Zone = zone
	}
	return bot.KeptProfile{Profile: p, At: r.At.UTC()}
}

// How many profiles are looked up and written by one statement.
const profileChunk = 200

// SaveProfiles implements bot.Profiles.
func (d *Directory) SaveProfiles(ctx context.Context, list []bot.KeptProfile) error {
	for chunk := range slices.Chunk(list, profileChunk) {
		rows, err := d.ofSomebody(ctx, chunk)
		if err != nil {
			return database.Error("read accounts", err)
		}
		if len(rows) == 0 {
			continue
		}
		newer := clause.OnConflict{
			Columns:   []clause.Column{{Name: "platform"}, {Name: "workspace"}, {Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"name", "zone", "standing", "at"}),
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "excluded.at > profiles.at"}}},
		}
		if err := d.db.Writer(ctx).Clauses(newer).Create(&rows).Error; err != nil {
			return database.Error("save profiles", err)
		}
	}
	return nil
}

// ofSomebody makes rows of those profiles whose account belongs to a person, one for each account, in the order of
// their keys: two instances that learn the same people never wait for each other crosswise.
func (d *Directory) ofSomebody(ctx context.Context, list []bot.KeptProfile) ([]profileRow, error) {
	users := map[bot.Account][]string{} // by platform and workspace, mostly one
	profiles := map[bot.Account]bot.KeptProfile{}
	for _, p := range list {
		profiles[p.Account] = p
		in := bot.Account{Platform: p.Account.Platform, Workspace: p.Account.Workspace}
		users[in] = append(users[in], p.Account.User)
	}
	var rows []profileRow
	for in, ids := range users {
		found, err := gorm.G[accountRow](d.db.Reader(ctx)).Where(
			"platform = ? AND workspace = ? AND user_id IN ?", in.Platform, in.Workspace, ids,
		).Find(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			in.User = a.UserID
			rows = append(rows, newProfileRow(profiles[in]))
		}
	}
	slices.SortFunc(rows, func(a, b profileRow) int {
		return cmp.Or(
			strings.Compare(a.Platform, b.Platform), strings.Compare(a.Workspace, b.Workspace),
			strings.Compare(a.UserID, b.UserID),
		)
	})
	return rows, nil
}

// KeptProfile implements bot.Profiles.
func (d *Directory) KeptProfile(ctx context.Context, a bot.Account) (bot.KeptProfile, error) {
	row, err := gorm.G[profileRow](d.db.Reader(ctx)).Where(
		"platform = ? AND workspace = ? AND user_id = ?", a.Platform, a.Workspace, a.User,
	).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return bot.KeptProfile{}, bot.ErrNoSuch
	}
	return row.profile(), database.Error("read profile", err)
}

// identityRow is who we are on a platform by a credential, of which only the hash is kept.
type identityRow struct {
	Platform   string `gorm:"primaryKey"`
	Credential string `gorm:"primaryKey"`
	Data       string
	At         time.Time
}

func (identityRow) TableName() string { return "identities" }

// KeptIdentity finds who we are on a platform by the hash of a credential, as KeepIdentity kept it. bot.ErrNoSuch:
// nobody said.
func (d *Directory) KeptIdentity(ctx context.Context, platform, credential string) (string, error) {
	row, err := gorm.G[identityRow](d.db.Reader(ctx)).Where("platform = ? AND credential = ?", platform, credential).Take(
		ctx,
	)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", bot.ErrNoSuch
	}
	return row.Data, database.Error("read identity", err)
}

// KeepIdentity keeps who we are by a credential, in place of what was kept for it before. "" forgets it.
func (d *Directory) KeepIdentity(ctx context.Context, platform, credential, data string, at time.Time) error {
	if data == "" {
		_, err := gorm.G[identityRow](d.db.Writer(ctx)).Where("platform = ? AND credential = ?", platform, credential).Delete(
			ctx,
		)
		return database.Error("forget identity", err)
	}
	row := identityRow{platform, credential, data, at.UTC().Truncate(time.Microsecond)}
	return database.Error("keep identity", d.db.Writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error)
}
