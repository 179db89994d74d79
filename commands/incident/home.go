package incident

import (
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// SourceOf is where somebody declares an incident: a platform, with the workspace where it has several.
func SourceOf(from bot.Account) string {
	if from.Workspace == "" {
		return from.Platform
	}
	return from.Platform + "/" + from.Workspace
}

// HomeOn is where an incident's room belongs on a platform: in the workspace in which it was declared. Elsewhere the
// workspace is left to the platform.
func HomeOn(i *Incident, platform string) bot.Conversation {
	in := bot.Conversation{Platform: platform}
	if on, workspace, _ := strings.Cut(i.Source, "/"); on == platform {
		in.Workspace = workspace
	}
	return in
}
