package discordfake

var routes []route

// The first route that fits counts, so fixed words stand before names.
func init() {
	const (
		channel = "/channels/{channel}"
		msg     = channel + "/messages/{message}"
		emoji   = msg + "/reactions/{emoji}"
		guild   = "/guilds/{guild}"
		cmds    = "/applications/{app}/guilds/{guild}/commands"
		global  = "/applications/{app}/commands"
		hook    = "/webhooks/{app}/{token}"
	)
	routes = []route{
		{method: "GET", pattern: "/gateway", open: true, do: (*Server).getGateway},
		{method: "GET", pattern: "/gateway/bot", do: (*Server).getGatewayBot},
		{method: "GET", pattern: "/users/@me", do: (*Server).me},
		{method: "GET", pattern: "/users/@me/guilds", do: (*Server).myGuilds},
		{method: "POST", pattern: "/users/@me/channels", do: (*Server).openDirect},
		{method: "GET", pattern: "/users/{user}", do: (*Server).getUser},
		{method: "GET", pattern: "/applications/@me", do: (*Server).application},
		{method: "GET", pattern: "/oauth2/applications/@me", do: (*Server).application},

		{method: "GET", pattern: guild, do: (*Server).getGuild},
		{method: "GET", pattern: guild + "/channels", do: (*Server).getChannels},
		{method: "POST", pattern: guild + "/channels", do: (*Server).createChannel},
		{method: "GET", pattern: guild + "/threads/active", do: (*Server).activeThreads},
		{method: "GET", pattern: guild + "/roles", do: (*Server).getRoles},
		{method: "GET", pattern: guild + "/roles/{role}", do: (*Server).getRole},
		{method: "GET", pattern: guild + "/members", do: (*Server).listMembers},
		{method: "GET", pattern: guild + "/members/search", do: (*Server).searchMembers},
		{method: "GET", pattern: guild + "/members/{user}", do: (*Server).getMember},

		{method: "GET", pattern: channel, do: (*Server).getChannel},
		{method: "PATCH", pattern: channel, do: (*Server).changeChannel},
		{method: "DELETE", pattern: channel, do: (*Server).deleteChannel},
		{method: "PUT", pattern: channel + "/permissions/{target}", do: (*Server).putOverwrite},
		{method: "DELETE", pattern: channel + "/permissions/{target}", do: (*Server).deleteOverwrite},
		{method: "POST", pattern: channel + "/typing", do: (*Server).typing},
		{method: "GET", pattern: channel + "/threads/archived/public", do: (*Server).archivedThreads},
		{method: "POST", pattern: channel + "/threads", do: (*Server).startThread},
		{method: "PUT", pattern: channel + "/thread-members/@me", do: (*Server).joinThread},
		{method: "PUT", pattern: channel + "/thread-members/{user}", do: (*Server).addToThread},

		{method: "GET", pattern: channel + "/messages", do: (*Server).getMessages},
		{method: "POST", pattern: channel + "/messages", do: (*Server).createMessage},
		{method: "GET", pattern: channel + "/messages/pins", do: (*Server).getPins},
		{method: "PUT", pattern: channel + "/messages/pins/{message}", do: (*Server).pin},
		{method: "DELETE", pattern: channel + "/messages/pins/{message}", do: (*Server).unpin},
		{method: "GET", pattern: channel + "/pins", do: (*Server).getOldPins},
		{method: "PUT", pattern: channel + "/pins/{message}", do: (*Server).pinOld},
		{method: "DELETE", pattern: channel + "/pins/{message}", do: (*Server).unpin},
		{method: "GET", pattern: msg, do: (*Server).getMessage},
		{method: "PATCH", pattern: msg, do: (*Server).editMessage},
		{method: "DELETE", pattern: msg, do: (*Server).deleteMessage},
		{method: "POST", pattern: msg + "/threads", do: (*Server).startThreadAt},
		{method: "GET", pattern: emoji, do: (*Server).getReactions},
		{method: "PUT", pattern: emoji + "/@me", do: (*Server).addReaction},
		{method: "DELETE", pattern: emoji + "/@me", do: (*Server).removeReaction},

		{method: "GET", pattern: cmds, do: (*Server).getCommands},
		{method: "PUT", pattern: cmds, do: (*Server).putCommands},
		{method: "POST", pattern: cmds, do: (*Server).postCommand},
		{method: "GET", pattern: cmds + "/permissions", do: (*Server).getCommandPermissions},
		{method: "GET", pattern: cmds + "/{id}/permissions", do: (*Server).getCommandPermission},
		{method: "GET", pattern: cmds + "/{id}", do: (*Server).getCommand},
		{method: "PATCH", pattern: cmds + "/{id}", do: (*Server).patchCommand},
		{method: "DELETE", pattern: cmds + "/{id}", do: (*Server).deleteCommand},
		{method: "GET", pattern: global, do: (*Server).getCommands},
		{method: "PUT", pattern: global, do: (*Server).putCommands},

		{method: "POST", pattern: "/interactions/{id}/{token}/callback", open: true, do: (*Server).callback},
		{method: "POST", pattern: hook, open: true, do: (*Server).followUp},
		{method: "GET", pattern: hook + "/messages/{answer}", open: true, do: (*Server).getAnswer},
		{method: "PATCH", pattern: hook + "/messages/{answer}", open: true, do: (*Server).editAnswer},
		{method: "DELETE", pattern: hook + "/messages/{answer}", open: true, do: (*Server).deleteAnswer},
	}
}
