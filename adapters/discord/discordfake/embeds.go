package discordfake

// Limits of embeds. Source: Discord's page "Message", "Embed Limits".
const (
	maxEmbedTitle  = 256
	maxEmbedText   = 4096
	maxEmbedFields = 25
	maxFieldValue  = 1024
	maxFooter      = 2048
	maxEmbedded    = 6000
)

// checkEmbeds checks embeds, which hold at most 6,000 characters together.
func checkEmbeds(f *form, list []any) []map[string]any {
	var embeds []map[string]any
	total := 0
	for i, v := range list {
		in := f.in("embeds", i)
		e := in.object(v)
		if e == nil {
			continue
		}
		n, filled := checkEmbed(in, e)
		if !filled {
			in.add("description", "BASE_TYPE_REQUIRED", required)
		}
		total += n
		e = copyOf(e)
		e["type"] = "rich"
		fields, _ := e["fields"].([]any)
		for _, v := range fields {
			if field, ok := v.(map[string]any); ok && field["inline"] == nil {
				field["inline"] = false
			}
		}
		embeds = append(embeds, e)
	}
	if total > maxEmbedded {
		f.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of %d", maxEmbedded)
	}
	return embeds
}

// checkEmbed checks one embed and returns how many characters it holds, and whether it shows anything.
func checkEmbed(f *form, e map[string]any) (n int, filled bool) {
	for name, high := range map[string]int{"title": maxEmbedTitle, "description": maxEmbedText} {
		n += characters(f.text(e, name, 0, high))
	}
	filled = n > 0
	if e["url"] != nil {
		link(f, e, "url", maxMediaURL, "http", "https")
	}
	f.whole(e, "color", 0, 0xFFFFFF)
	if v := e["footer"]; v != nil {
		in := f.in("footer")
		if m := in.object(v); m != nil {
			n += characters(in.text(m, "text", 1, maxFooter))
			filled = true
		}
	}
	if v := e["author"]; v != nil {
		in := f.in("author")
		if m := in.object(v); m != nil {
			n += characters(in.text(m, "name", 1, maxEmbedTitle))
			filled = true
		}
	}
	for _, name := range []string{"image", "thumbnail"} {
		if v := e[name]; v != nil {
			in := f.in(name)
			if m := in.object(v); m != nil {
				link(in, m, "url", maxMediaURL, "http", "https", "attachment")
				filled = true
			}
		}
	}
	for i, v := range f.list(e, "fields", 0, maxEmbedFields) {
		in := f.in("fields", i)
		if m := in.object(v); m != nil {
			n += characters(in.text(m, "name", 1, maxEmbedTitle)) + characters(in.text(m, "value", 1, maxFieldValue))
			in.yes(m, "inline", false)
			filled = true
		}
	}
	return n, filled
}
