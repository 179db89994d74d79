package discordfake

import "strings"

// numberComponents gives every component without an id the next free one.
func numberComponents(list []map[string]any, last *int) {
	used := map[int]bool{}
	walk(list, func(c map[string]any) {
		if n, ok := intOf(c["id"]); ok && n > 0 {
			used[n] = true
		}
	})
	walk(list, func(c map[string]any) {
		if n, ok := intOf(c["id"]); ok && n > 0 {
			return
		}
		for *last++; used[*last]; *last++ {
			continue
		}
		c["id"] = *last
	})
}

// complete fills in what Discord adds to components that it shows: the defaults of what was left out. Source: the
// schemas of components in Discord's OpenAPI.
func complete(list []map[string]any) {
	set := func(m map[string]any, name string, v any) {
		if _, ok := m[name]; !ok {
			m[name] = v
		}
	}
	walk(list, func(c map[string]any) {
		switch kindOf(c) {
		case container:
			set(c, "accent_color", nil)
			set(c, "spoiler", false)
		case separator:
			set(c, "divider", true)
			set(c, "spacing", 1)
		case thumbnail:
			set(c, "description", nil)
			set(c, "spoiler", false)
		case fileType:
			set(c, "spoiler", false)
		case mediaGallery:
			for _, item := range items(c) {
				set(item, "description", nil)
				set(item, "spoiler", false)
			}
		case stringSelect, userSelect, roleSelect, mentionableSelect, channelSelect:
			set(c, "min_values", 1)
			set(c, "max_values", 1)
		}
	})
}

// items are the pictures of a gallery.
func items(c map[string]any) []map[string]any {
	var list []map[string]any
	all, _ := c["items"].([]any)
	for _, v := range all {
		if item, ok := v.(map[string]any); ok {
			list = append(list, item)
		}
	}
	return list
}

// expose puts the addresses of a message's files where its components and embeds refer to them.
func (s *Server) expose(m *Message) {
	walk(m.Components, func(c map[string]any) {
		s.show(m, c["media"])
		if a := s.show(m, c["file"]); a != nil {
			c["name"], c["size"] = a.Name, len(a.Data)
		}
		for _, item := range items(c) {
			s.show(m, item["media"])
		}
	})
	for _, e := range m.Embeds {
		s.show(m, e["image"])
		s.show(m, e["thumbnail"])
	}
}

// show puts the address into one reference, and returns the file that it refers to.
func (s *Server) show(m *Message, v any) *Attachment {
	media, _ := v.(map[string]any)
	if media == nil {
		return nil
	}
	address, _ := media["url"].(string)
	if media["id"] == nil {
		media["id"] = s.id()
	}
	name, isFile := strings.CutPrefix(address, "attachment://")
	if !isFile && media["attachment_id"] == nil {
		media["proxy_url"] = address
		return nil
	}
	for _, a := range m.Attachments {
		if a.Name != name && a.ID != media["attachment_id"] {
			continue
		}
		media["url"], media["proxy_url"] = s.attachmentURL(a), s.attachmentURL(a)
		media["content_type"], media["attachment_id"] = a.Type, a.ID
		if a.width > 0 {
			media["width"], media["height"] = a.width, a.height
		}
		return a
	}
	return nil
}
