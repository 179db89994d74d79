package bot

import (
	"context"
)

// File is something to upload: a picture, a table.
type File struct {
	Name  string // like incidents.png
	Title string
	Alt   string // of a picture, in words
	Type  string // like image/png
	Data  []byte
	Dark  []byte // of a picture: the same for readers whose screen is dark; platforms that know of none leave it
}

// Uploader puts a file into a conversation, once per key where the platform can tell.
type Uploader interface {
	Upload(ctx context.Context, to Conversation, f File, key string) (MessageRef, error)
}

// Attachment is what a platform of ours keeps of an uploaded file in the message that shows it. Only adapters make one.
type Attachment struct {
	Key   string `json:"key"` // that its content is kept under
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Alt   string `json:"alt,omitempty"`
	Type  string `json:"type"`
	Dark  bool   `json:"dark,omitempty"` // there is one for dark screens
	Size  int    `json:"size"`
}
