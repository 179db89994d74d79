package discordfake

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of a message. Source: Discord's page "Message".
const (
	maxContent     = 2000
	maxFiles       = 10
	maxFile        = 10 << 20
	maxDescription = 1024
	maxMentions    = 100
	maxNonce       = 25
)

// draft is a message as the app sends it, read and checked. An edit leaves alone the fields that given does not list.
type draft struct {
	content    string
	embeds     []map[string]any
	components []map[string]any
	flags      int
	given      map[string]bool
	kept       map[string]string // existing attachments that an edit keeps, with their descriptions
	described  map[int]string    // descriptions of the files that it brings
	named      map[int]string    // their names
	allowed    *allowed
}

// allowed says which mentions count.
type allowed struct {
	users, roles, everyone bool
	userIDs, roleIDs       []string
	replied                bool
}

var (
	parseAll   = allowed{users: true, roles: true, everyone: true, replied: true}
	parseUsers = allowed{users: true}
)

// readDraft reads the fields of a message, which is old when it is edited.
func (s *Server) readDraft(f *form, body map[string]any, files []Upload, old *Message) (*draft, error) {
	d := &draft{given: map[string]bool{}, kept: map[string]string{}, described: map[int]string{}, named: map[int]string{}}
	for name := range body {
		d.given[name] = true
	}
	d.content = strings.TrimSpace(f.text(body, "content", 0, maxContent))
	if n, ok := f.whole(body, "flags", 0, 1<<31-1); ok {
		d.flags = n
	}
	f.yes(body, "tts", false)
	v2 := d.flags&ComponentsV2Flag != 0 || old != nil && old.V2()
	d.allowed = readAllowed(f, body)
	embeds := f.list(body, "embeds", 0, 10)
	d.embeds = checkEmbeds(f, embeds)
	list := f.list(body, "attachments", 0, maxFiles)
	for i, v := range list {
		d.attachment(f.in("attachments", i), v, files)
	}
	if v2 {
		for _, name := range []string{"content", "embeds", "sticker_ids", "poll"} {
			if filled(body[name]) {
				f.add(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
					"The '%s' field cannot be used when using MessageFlags.IS_COMPONENTS_V2", name)
			}
		}
	}
	d.components = checkComponents(f, body, v2, d.knows(files, old))
	if f.ok() {
		if err := tooHeavy(d.components); err != nil {
			return nil, err
		}
	}
	return d, filesFit(files)
}

// knows says which files components may refer to: those that come, and those of the message that stay.
func (d *draft) knows(files []Upload, old *Message) func(string) bool {
	names := map[string]bool{}
	for _, u := range files {
		names[fileName(u.Name)] = true
	}
	for _, name := range d.named {
		names[fileName(name)] = true
	}
	if old != nil {
		for _, a := range old.Attachments {
			_, kept := d.kept[a.ID]
			names[a.Name] = names[a.Name] || kept || !d.given["attachments"]
		}
	}
	return func(name string) bool { return names[name] }
}

// filled reports whether a field holds anything.
func filled(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return true
}

func filesFit(files []Upload) error {
	if len(files) > maxFiles {
		return refuse(400, 30015, "Maximum number of attachments in a message reached (10)")
	}
	for _, u := range files {
		if len(u.Data) > maxFile {
			return refuse(413, 40005, "Request entity too large")
		}
	}
	return nil
}

var fileField = regexp.MustCompile(`^files?\[(\d+)\]$`)

// fieldOf is the number of an uploaded file, which its description names.
func fieldOf(u Upload, at int) int {
	if m := fileField.FindStringSubmatch(u.Field); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return at
}

func fieldsOf(files []Upload) []int {
	var list []int
	for i, u := range files {
		list = append(list, fieldOf(u, i))
	}
	return list
}

// attachment reads one element of attachments: an existing one to keep, or the description of a file.
func (d *draft) attachment(f *form, v any, files []Upload) {
	m := f.object(v)
	if m == nil {
		return
	}
	name := f.text(m, "filename", 0, 1024)
	description := f.text(m, "description", 0, maxDescription)
	id := fmt.Sprint(m["id"])
	switch n, err := strconv.Atoi(id); {
	case m["id"] == nil:
		f.add("id", "BASE_TYPE_REQUIRED", required)
	case isSnowflake(id) && number(id) > 1<<22: // an attachment that is there already
		d.kept[id] = description
	case err != nil || !slices.Contains(fieldsOf(files), n):
		f.add("", "ATTACHMENT_NOT_FOUND", "Attachment data for attachment %s not found", id)
	default:
		d.described[n], d.named[n] = description, name
	}
}

// keepFiles stores the files that a draft brings.
func (s *Server) keepFiles(d *draft, channel string, files []Upload, ephemeral bool) []*Attachment {
	var list []*Attachment
	for i, u := range files {
		n := fieldOf(u, i)
		if d.named[n] != "" {
			u.Name = d.named[n]
		}
		list = append(list, s.keep(channel, u, d.described[n], ephemeral))
	}
	return list
}

func readAllowed(f *form, body map[string]any) *allowed {
	v := body["allowed_mentions"]
	if v == nil {
		return nil
	}
	f = f.in("allowed_mentions")
	m := f.object(v)
	if m == nil {
		return nil
	}
	a := &allowed{replied: f.yes(m, "replied_user", false)}
	for i, v := range f.list(m, "parse", 0, 3) {
		switch v {
		case "users":
			a.users = true
		case "roles":
			a.roles = true
		case "everyone":
			a.everyone = true
		default:
			f.add("parse."+strconv.Itoa(i), "BASE_TYPE_CHOICES", choices, "'users', 'roles', 'everyone'")
		}
	}
	ids := func(name string, parsed bool) []string {
		var list []string
		for i, v := range f.list(m, name, 0, maxMentions) {
			if id := fmt.Sprint(v); isSnowflake(id) {
				list = append(list, id)
			} else {
				f.add(name+"."+strconv.Itoa(i), "NUMBER_TYPE_COERCE", "Value \"%v\" is not snowflake.", v)
			}
		}
		if parsed && len(list) > 0 {
			f.add("", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
				"parse:[\"%s\"] and %s: [ids...] are mutually exclusive.", name, name)
		}
		return list
	}
	a.userIDs, a.roleIDs = ids("users", a.users), ids("roles", a.roles)
	return a
}

var (
	userMention = regexp.MustCompile(`<@!?(\d+)>`)
	roleMention = regexp.MustCompile(`<@&(\d+)>`)
)

// mention works out whom a message mentions and so notifies.
func (s *Server) mention(m *Message, a allowed) {
	text := m.Text()
	m.mentioned, m.mentionedRoles, m.everyone, m.Pings = nil, nil, false, nil
	p := everything
	c := s.channels[m.Channel]
	if c != nil {
		p = s.in(c, m.Author)
	}
	for _, found := range userMention.FindAllStringSubmatch(text, -1) {
		id := found[1]
		if _, known := s.users[id]; known && (a.users || slices.Contains(a.userIDs, id)) &&
			!slices.Contains(m.mentioned, id) {
			m.mentioned = append(m.mentioned, id)
			m.Pings = append(m.Pings, id)
		}
	}
	if m.Guild != "" {
		s.mentionMany(m, a, text, p)
	}
	if m.Reference != "" && m.Type == replyMessage && a.replied {
		if r := s.message(m.Channel, m.Reference); r != nil && !slices.Contains(m.mentioned, r.Author) {
			m.mentioned = append(m.mentioned, r.Author)
			m.Pings = append(m.Pings, r.Author)
		}
	}
	if m.Only != "" { // nobody else sees it
		m.Pings = nil
	}
}

// mentionMany works out mentions of roles and of everyone. Roles that are not mentionable, and everyone, need
// MENTION_EVERYONE.
func (s *Server) mentionMany(m *Message, a allowed, text string, p Permission) {
	for _, found := range roleMention.FindAllStringSubmatch(text, -1) {
		id := found[1]
		role := s.guilds[m.Guild].roles[id]
		if role == nil || !a.roles && !slices.Contains(a.roleIDs, id) || slices.Contains(m.mentionedRoles, id) {
			continue
		}
		m.mentionedRoles = append(m.mentionedRoles, id)
		if role.Mentionable || p.has(MentionEveryone) {
			m.Pings = append(m.Pings, "&"+id)
		}
	}
	for _, word := range []string{"@everyone", "@here"} {
		if a.everyone && p.has(MentionEveryone) && strings.Contains(text, word) {
			m.everyone = true
			m.Pings = append(m.Pings, word)
		}
	}
}

// apply puts what a draft names into a message, and the rest of the message stays.
func (s *Server) apply(m *Message, d *draft, files []*Attachment) error {
	if d.given["content"] {
		m.Content = d.content
	}
	if d.given["embeds"] {
		m.Embeds = d.embeds
	}
	if d.given["components"] {
		m.Components = d.components
	}
	if d.given["attachments"] {
		m.Attachments = retained(m.Attachments, d.kept)
	}
	m.Attachments = append(m.Attachments, files...)
	f := newForm()
	if m.V2() {
		for name, there := range map[string]bool{"content": m.Content != "", "embeds": len(m.Embeds) > 0} {
			if there {
				f.add(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
					"The '%s' field cannot be used when using MessageFlags.IS_COMPONENTS_V2", name)
			}
		}
	}
	if err := f.problem(); err != nil {
		return err
	}
	if m.Content == "" && len(m.Embeds) == 0 && len(m.Components) == 0 && len(m.Attachments) == 0 ||
		m.V2() && len(m.Components) == 0 {
		return refuse(400, 50006, "Cannot send an empty message")
	}
	s.expose(m)
	last := 0
	numberComponents(m.Components, &last)
	complete(m.Components)
	return nil
}

// retained are the attachments that an edit names, with their new descriptions.
func retained(list []*Attachment, kept map[string]string) []*Attachment {
	var left []*Attachment
	for _, a := range list {
		description, ok := kept[a.ID]
		if !ok {
			continue
		}
		same := *a
		if description != "" {
			same.Description = description
		}
		left = append(left, &same)
	}
	return left
}

// readNonce reads a nonce: a whole number, or a string of at most 25 characters.
func readNonce(f *form, body map[string]any) any {
	switch v := body["nonce"].(type) {
	case nil:
		return nil
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			f.add("nonce", "NUMBER_TYPE_COERCE", "Value \"%s\" is not int.", v)
		}
		return n
	case string:
		f.length("nonce", v, 0, maxNonce)
		return v
	default:
		f.add("nonce", "UNION_TYPE_CONVERT", "Could not convert value to int or string.")
	}
	return nil
}
