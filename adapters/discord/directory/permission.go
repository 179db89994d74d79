package directory

import "strconv"

// Permissions of Discord that the bot needs, as bits.
//
// Source: https://discord.com/developers/docs/topics/permissions
const (
	AddReactions      uint64 = 1 << 6
	ManageChannels    uint64 = 1 << 4
	ViewChannel       uint64 = 1 << 10
	SendMessages      uint64 = 1 << 11
	EmbedLinks        uint64 = 1 << 14
	AttachFiles       uint64 = 1 << 15
	ReadHistory       uint64 = 1 << 16
	MentionEveryone   uint64 = 1 << 17
	ManageRoles       uint64 = 1 << 28
	CreateThreads     uint64 = 1 << 35
	SendInThreads     uint64 = 1 << 38
	PinMessages       uint64 = 1 << 51
	administratorFlag uint64 = 1 << 3
)

// Need is a permission and the feature that needs it.
type Need struct {
	Bit     uint64
	Name    string // as Discord's settings show it
	Feature string
}

// Needs are the least permissions with which everything works.
var Needs = []Need{
	{ViewChannel, "View Channels", "seeing the channels it posts in"},
	{SendMessages, "Send Messages", "posting cards, updates and reports"},
	{SendInThreads, "Send Messages in Threads", "posting updates and reports below their card"},
	{
		ReadHistory, "Read Message History",
		"finding its own message again after an answer was lost, so that nothing is posted twice",
	},
	{EmbedLinks, "Embed Links", "showing cards"},
	{AttachFiles, "Attach Files", "charts and files of reports"},
	{ManageChannels, "Manage Channels", "opening a channel for each incident, and archiving it"},
	{ManageRoles, "Manage Roles", "letting people into an incident's channel"},
	{CreateThreads, "Create Public Threads", "threads below cards and reports"},
	{PinMessages, "Pin Messages", "pinning an incident's card in its channel"},
}

// Least are all of Needs as one number, for an invitation.
func Least() uint64 {
	var bits uint64
	for _, n := range Needs {
		bits |= n.Bit
	}
	return bits
}

// Has reports whether a decimal number of permissions, as Discord writes it, holds a bit. Administrators have all.
func Has(permissions string, bit uint64) bool {
	n, err := strconv.ParseUint(permissions, 10, 64)
	return err == nil && (n&bit != 0)
}

// May is Has for what a role or member may do, where administrators may do everything.
func May(permissions string, bit uint64) bool {
	return Has(permissions, bit) || Has(permissions, administratorFlag)
}
