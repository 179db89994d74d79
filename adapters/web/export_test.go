package web

// Patterns are those of all addresses that the chat serves, for tests that leave none out.
func (c *Chat) Patterns() []string {
	var list []string
	for p := range c.routes() {
		list = append(list, p)
	}
	return list
}
