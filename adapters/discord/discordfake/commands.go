package discordfake

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Types of commands and of their options. Source: Discord's page "Application Commands".
const (
	chatInput      = 1
	userCommand    = 2
	messageCommand = 3

	subcommand      = 1
	subcommandGroup = 2
	stringOption    = 3
	integerOption   = 4
	booleanOption   = 5
	userOption      = 6
	channelOption   = 7
	roleOption      = 8
	mentionOption   = 9
	numberOption    = 10
	fileOption      = 11
)

// Limits of commands. Source: the same page.
const (
	maxChatInput    = 100
	maxContext      = 15
	maxCommandSize  = 8000
	maxCommandWords = 100
	maxCommandName  = 32
	maxCreatesADay  = 200
)

var commandName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$`)

// Commands are the commands of a guild, as the API shows them; those of "" are the global ones.
func (s *Server) Commands(guild string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copyOf(s.commands[guild])
}

// mine refuses calls for another application.
func (s *Server) mine(c *Call) error {
	if c.path["app"] != s.o.Application {
		return refuse(403, 20012, "You are not authorized to perform this action on this application")
	}
	if c.path["guild"] == "" {
		return nil
	}
	g := s.guilds[c.path["guild"]]
	if g == nil || g.members[s.o.Bot] == nil {
		return missingAccess
	}
	return nil
}

func (s *Server) getCommands(c *Call) (any, error) {
	if err := s.mine(c); err != nil {
		return nil, err
	}
	list := []any{}
	for _, cmd := range s.commands[c.path["guild"]] {
		list = append(list, localized(cmd, truth(c.query.Get("with_localizations"))))
	}
	return list, nil
}

// localized leaves the translations out unless they were asked for.
func localized(cmd map[string]any, wanted bool) map[string]any {
	if wanted {
		return cmd
	}
	cmd = copyOf(cmd)
	delete(cmd, "name_localizations")
	delete(cmd, "description_localizations")
	return cmd
}

// putCommands replaces all commands of a guild. One wrong command, and none is taken.
func (s *Server) putCommands(c *Call) (any, error) {
	if err := s.mine(c); err != nil {
		return nil, err
	}
	f := newForm()
	if c.JSON != nil || c.List == nil {
		f.add("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
		return nil, f.problem()
	}
	counts := map[int]int{}
	names := map[string]bool{}
	var list []map[string]any
	for i, v := range c.List {
		in := f.in(i)
		cmd := in.object(v)
		if cmd == nil {
			continue
		}
		kind := checkCommand(in, cmd)
		counts[kind]++
		key := strconv.Itoa(kind) + " " + stringOf(cmd["name"])
		if names[key] {
			f.add(itoa(i), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		names[key] = true
		list = append(list, cmd)
	}
	if err := f.problem(); err != nil {
		return nil, err
	}
	if tooMany(counts) {
		return nil, refuse(400, 30032, "Maximum number of application commands reached")
	}
	guild := c.path["guild"]
	kept, fresh := []map[string]any{}, 0
	for _, cmd := range list {
		made, isNew := s.command(guild, cmd)
		if isNew {
			fresh++
		}
		kept = append(kept, made)
	}
	if err := s.mayCreate(guild, fresh); err != nil {
		return nil, err
	}
	s.commands[guild] = kept
	return kept, nil
}

func tooMany(counts map[int]int) bool {
	return counts[chatInput] > maxChatInput || counts[userCommand] > maxContext || counts[messageCommand] > maxContext
}

// mayCreate counts new commands: 200 a day and guild.
func (s *Server) mayCreate(guild string, fresh int) error {
	past := slices.DeleteFunc(s.created[guild], func(at time.Time) bool { return s.now().Sub(at) >= everyday })
	if len(past)+fresh > maxCreatesADay {
		return refuse(400, 30034, "Max number of daily application command creates has been reached (200)")
	}
	for range fresh {
		past = append(past, s.now())
	}
	s.created[guild] = past
	return nil
}

func stringOf(v any) string {
	text, _ := v.(string)
	return text
}

// command makes a command as the API shows it. One of the same type and name keeps its id, and its version unless
// something changed.
func (s *Server) command(guild string, cmd map[string]any) (made map[string]any, isNew bool) {
	kind := chatInput
	if cmd["type"] != nil {
		kind = kindOf(cmd)
	}
	made = map[string]any{
		"application_id": s.o.Application, "type": kind, "name": cmd["name"], "description": stringOf(cmd["description"]),
		"default_member_permissions": cmd["default_member_permissions"], "nsfw": cmd["nsfw"] == true,
		"name_localizations": cmd["name_localizations"], "description_localizations": cmd["description_localizations"],
		"integration_types": []any{0}, "contexts": nil,
	}
	if guild != "" {
		made["guild_id"] = guild
	} else if cmd["contexts"] != nil {
		made["contexts"] = cmd["contexts"]
	}
	if cmd["integration_types"] != nil && guild == "" {
		made["integration_types"] = cmd["integration_types"]
	}
	if options, ok := cmd["options"].([]any); ok && len(options) > 0 {
		made["options"] = options
	}
	made = copyOf(made)
	for _, old := range s.commands[guild] {
		if old["name"] != made["name"] || kindOf(old) != kind {
			continue
		}
		made["id"], made["version"] = old["id"], old["version"]
		if !same(old, made) {
			made["version"] = s.id()
		}
		return made, false
	}
	made["id"] = s.id()
	made["version"] = s.id()
	return made, true
}

// postCommand adds one command, or replaces the one of its type and name.
func (s *Server) postCommand(c *Call) (any, error) {
	if err := s.mine(c); err != nil {
		return nil, err
	}
	f := newForm()
	checkCommand(f, c.body())
	if err := f.problem(); err != nil {
		return nil, err
	}
	guild := c.path["guild"]
	made, isNew := s.command(guild, c.body())
	if !isNew {
		s.replace(guild, made)
		return made, nil
	}
	counts := map[int]int{kindOf(made): 1}
	for _, cmd := range s.commands[guild] {
		counts[kindOf(cmd)]++
	}
	if tooMany(counts) {
		return nil, refuse(400, 30032, "Maximum number of application commands reached")
	}
	if err := s.mayCreate(guild, 1); err != nil {
		return nil, err
	}
	s.commands[guild] = append(s.commands[guild], made)
	return answered{201, made}, nil
}

func (s *Server) replace(guild string, made map[string]any) {
	for i, cmd := range s.commands[guild] {
		if cmd["id"] == made["id"] {
			s.commands[guild][i] = made
		}
	}
}

var unknownCommand = refuse(404, 10063, "Unknown application command")

func (s *Server) commandOf(c *Call) (map[string]any, error) {
	if err := s.mine(c); err != nil {
		return nil, err
	}
	for _, cmd := range s.commands[c.path["guild"]] {
		if cmd["id"] == c.path["id"] {
			return cmd, nil
		}
	}
	return nil, unknownCommand
}

func (s *Server) getCommand(c *Call) (any, error) {
	cmd, err := s.commandOf(c)
	if err != nil {
		return nil, err
	}
	return cmd, nil
}

func (s *Server) patchCommand(c *Call) (any, error) {
	cmd, err := s.commandOf(c)
	if err != nil {
		return nil, err
	}
	next := copyOf(cmd)
	for _, name := range []string{
		"name", "description", "options", "default_member_permissions", "nsfw", "name_localizations",
		"description_localizations",
	} {
		if v, ok := c.body()[name]; ok {
			next[name] = v
		}
	}
	f := newForm()
	checkCommand(f, next)
	if err := f.problem(); err != nil {
		return nil, err
	}
	next = copyOf(next)
	next["version"] = s.id()
	s.replace(c.path["guild"], next)
	return next, nil
}

func (s *Server) deleteCommand(c *Call) (any, error) {
	cmd, err := s.commandOf(c)
	if err != nil {
		return nil, err
	}
	s.commands[c.path["guild"]] = slices.DeleteFunc(s.commands[c.path["guild"]], func(o map[string]any) bool {
		return o["id"] == cmd["id"]
	})
	return nil, nil
}

// HideCommand sets, as a guild's administrator does, who may use a command: targets are ids of roles, users or
// channels. An id of "" stands for all commands of the application.
func (s *Server) HideCommand(guild, command string, permissions ...CommandPermission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if command == "" {
		command = s.o.Application
	}
	list := []any{}
	for _, p := range permissions {
		list = append(list, map[string]any{"id": p.Target, "type": p.Type, "permission": p.Allowed})
	}
	entry := map[string]any{
		"id": command, "application_id": s.o.Application, "guild_id": guild, "permissions": list,
	}
	s.hidden[guild] = append(slices.DeleteFunc(s.hidden[guild], func(o map[string]any) bool {
		return o["id"] == command
	}), entry)
	s.dispatch(0, "APPLICATION_COMMAND_PERMISSIONS_UPDATE", entry)
}

// CommandPermission says that a role (Type 1), user (2) or channel (3) may use a command, or may not.
type CommandPermission struct {
	Target  string
	Type    int
	Allowed bool
}

func (s *Server) getCommandPermissions(c *Call) (any, error) {
	if err := s.mine(c); err != nil {
		return nil, err
	}
	list := []any{}
	for _, entry := range s.hidden[c.path["guild"]] {
		list = append(list, entry)
	}
	return list, nil
}

func (s *Server) getCommandPermission(c *Call) (any, error) {
	if err := s.mine(c); err != nil {
		return nil, err
	}
	for _, entry := range s.hidden[c.path["guild"]] {
		if entry["id"] == c.path["id"] {
			return entry, nil
		}
	}
	return nil, refuse(404, 10066, "Unknown application command permissions")
}

// lower reports whether a name has no letter that has a lower-case form.
func lower(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return unicode.ToLower(r) != r }) < 0
}
