package config

import "github.com/watchbell/watchbell/bot/yamlfile"

// Short for the words of the schema.
type (
	node   = yamlfile.Node
	fields = yamlfile.Fields
)

// reader reads a configuration: schema.go has its keys, format.go what values may look like.
type reader struct{ *yamlfile.Reader }
