package discordfake

import "slices"

const maxOverwrites = 1000

// overwritesOf reads the overwrites of a body.
func (s *Server) overwritesOf(f *form, body map[string]any) []Overwrite {
	var list []Overwrite
	for i, v := range f.list(body, "permission_overwrites", 0, maxOverwrites) {
		in := f.in("permission_overwrites", i)
		if m := in.object(v); m != nil {
			o := Overwrite{ID: in.snowflake(m, "id", true)}
			o.Type, _ = in.one(m, "type", false, 0, 1)
			o.Allow, o.Deny = in.permissions(m, "allow"), in.permissions(m, "deny")
			list = append(list, o)
		}
	}
	return list
}

// mayGive: the bot may only allow and deny what it has itself, in the guild or by an overwrite of the channel, and
// MANAGE_ROLES only as an administrator. Source: Discord's page "Guild", "Create Guild Channel".
func (s *Server) mayGive(g *guild, c *Channel, list []Overwrite) error {
	has := s.inGuild(g, s.o.Bot)
	if has.has(Administrator) {
		return nil
	}
	own := has
	if c != nil {
		own = s.in(c, s.o.Bot)
		for _, o := range c.Overwrites {
			if o.ID == s.o.Bot && o.Allow.has(ManageRoles) {
				own = everything &^ Administrator
			}
		}
	}
	for _, o := range list {
		bits := o.Allow | o.Deny
		if bits.has(ManageRoles) || !own.has(bits) {
			return missingPermissions
		}
	}
	return nil
}

// mayOverwrite: changing the overwrites of a channel needs MANAGE_ROLES in it; what stays as it was is not judged.
func (s *Server) mayOverwrite(c *Channel, list []Overwrite) error {
	if !s.in(c, s.o.Bot).has(ManageRoles) {
		return missingPermissions
	}
	changed := slices.DeleteFunc(slices.Clone(list), func(o Overwrite) bool { return slices.Contains(c.Overwrites, o) })
	return s.mayGive(s.guilds[c.Guild], c, changed)
}

func (s *Server) overwritable(c *Call) (*Channel, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	switch {
	case err != nil:
		return nil, err
	case channel.Guild == "":
		return nil, refuse(403, 50003, "Cannot execute action on a DM channel")
	case channel.isThread():
		return nil, refuse(400, 50024, "Cannot execute action on this channel type")
	case !s.in(channel, s.o.Bot).has(ManageRoles):
		return nil, missingPermissions
	}
	return channel, nil
}

func (s *Server) putOverwrite(c *Call) (any, error) {
	channel, err := s.overwritable(c)
	if err != nil {
		return nil, err
	}
	f, body := newForm(), c.body()
	o := Overwrite{ID: c.path["target"]}
	o.Type, _ = f.one(body, "type", true, 0, 1)
	o.Allow, o.Deny = f.permissions(body, "allow"), f.permissions(body, "deny")
	if err := f.problem(); err != nil {
		return nil, err
	}
	g := s.guilds[channel.Guild]
	if o.Type == 0 && g.roles[o.ID] == nil || o.Type == 1 && s.users[o.ID].ID == "" {
		return nil, refuse(404, 10009, "Unknown Overwrite")
	}
	if err := s.mayGive(g, channel, []Overwrite{o}); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(channel.Overwrites, func(old Overwrite) bool { return old.ID == o.ID })
	switch {
	case i >= 0:
		channel.Overwrites[i] = o
	case len(channel.Overwrites) >= maxOverwrites:
		return nil, refuse(400, 30060, "Maximum number of channel permission overwrites reached (1000)")
	default:
		channel.Overwrites = append(channel.Overwrites, o)
	}
	s.tellChannel("CHANNEL_UPDATE", channel)
	return nil, nil
}

func (s *Server) deleteOverwrite(c *Call) (any, error) {
	channel, err := s.overwritable(c)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(channel.Overwrites, func(o Overwrite) bool { return o.ID == c.path["target"] })
	if i < 0 {
		return nil, refuse(404, 10009, "Unknown Overwrite")
	}
	channel.Overwrites = slices.Delete(channel.Overwrites, i, i+1)
	s.tellChannel("CHANNEL_UPDATE", channel)
	return nil, nil
}
