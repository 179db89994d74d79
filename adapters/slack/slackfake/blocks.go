package slackfake

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// invalidBlocks says what Slack would not take, and why.
type invalidBlocks struct {
	code     string
	messages []string
}

func (e *invalidBlocks) Error() string { return e.code }

// invalid makes an answer of a refusal, with Slack's explanation.
func invalid(err error) (map[string]any, error) {
	var e *invalidBlocks
	if errors.As(err, &e) {
		return map[string]any{"response_metadata": map[string]any{"messages": e.messages}}, err
	}
	return nil, err
}

var blockTypes = map[string]bool{
	"section": true, "header": true, "context": true, "actions": true, "divider": true, "rich_text": true, "input": true,
	"image": true,
}

// checkBlocks holds blocks to Slack's limits.
func checkBlocks(blocks []map[string]any, limit int) error {
	c := &checker{ids: map[string]bool{}, actions: map[string]bool{}}
	if len(blocks) > limit {
		c.complain("%d blocks, the limit is %d", len(blocks), limit)
	}
	for _, b := range blocks {
		c.block(b)
	}
	if c.total > 10_000 {
		return &invalidBlocks{"msg_blocks_too_long", nil}
	}
	if len(c.wrong) > 0 {
		return &invalidBlocks{"invalid_blocks", c.wrong}
	}
	return nil
}

type checker struct {
	wrong        []string
	ids, actions map[string]bool
	total        int
}

func (c *checker) complain(format string, args ...any) {
	c.wrong = append(c.wrong, "[ERROR] "+fmt.Sprintf(format, args...))
}

// text checks a text object and counts it.
func (c *checker) text(v any, name string, limit int, required bool) {
	t, ok := v.(map[string]any)
	if !ok {
		if required {
			c.complain("missing %s", name)
		}
		return
	}
	words, _ := t["text"].(string)
	n := utf8.RuneCountInString(words)
	c.total += n
	switch {
	case n == 0:
		c.complain("%s is empty", name)
	case n > limit:
		c.complain("%s has %d characters, the limit is %d", name, n, limit)
	}
	if kind := t["type"]; kind != "plain_text" && kind != "mrkdwn" {
		c.complain("%s has the type %v", name, kind)
	}
}

func (c *checker) block(b map[string]any) {
	kind, _ := b["type"].(string)
	if !blockTypes[kind] {
		c.complain("unsupported block %q", kind)
		return
	}
	if id, _ := b["block_id"].(string); id != "" {
		if c.ids[id] {
			c.complain("duplicate block_id %q", id)
		}
		c.ids[id] = true
	}
	elements, _ := b["elements"].([]any)
	switch kind {
	case "header":
		c.text(b["text"], "header", 150, true)
	case "section":
		c.text(b["text"], "section", 3000, b["fields"] == nil)
	case "context":
		if len(elements) == 0 || len(elements) > 10 {
			c.complain("context has %d elements", len(elements))
		}
		for _, e := range elements {
			c.text(e, "context", 3000, true)
		}
	case "actions":
		if len(elements) == 0 || len(elements) > 25 {
			c.complain("actions has %d elements", len(elements))
		}
		for _, e := range elements {
			c.element(e)
		}
	case "input":
		c.text(b["label"], "label", 2000, true)
		c.text(b["hint"], "hint", 2000, false)
		c.element(b["element"])
	case "rich_text":
		if len(elements) == 0 {
			c.complain("rich_text is empty")
		}
		c.rich(elements)
	}
}

func (c *checker) rich(elements []any) {
	for _, e := range elements {
		m, ok := e.(map[string]any)
		if !ok {
			continue
		}
		switch m["type"] {
		case "rich_text_section", "rich_text_quote":
			inner, _ := m["elements"].([]any)
			if len(inner) == 0 {
				c.complain("%v is empty", m["type"])
			}
			c.rich(inner)
		case "text":
			words, _ := m["text"].(string)
			if words == "" {
				c.complain("an empty text")
			}
			c.total += utf8.RuneCountInString(words)
		case "link", "user", "channel", "date", "emoji":
		default:
			c.complain("unsupported rich text %v", m["type"])
		}
	}
}

func (c *checker) element(v any) {
	e, ok := v.(map[string]any)
	if !ok {
		c.complain("missing element")
		return
	}
	id, _ := e["action_id"].(string)
	if len(id) > 255 {
		c.complain("action_id has %d characters", len(id))
	}
	switch kind := e["type"]; kind {
	case "button":
		if c.actions[id] {
			c.complain("duplicate action_id %q", id)
		}
		c.actions[id] = true
		c.text(e["text"], "button", 75, true)
	case "static_select", "multi_static_select":
		options, _ := e["options"].([]any)
		if len(options) == 0 || len(options) > 100 {
			c.complain("%d options", len(options))
		}
		for _, o := range options {
			option, _ := o.(map[string]any)
			c.text(option["text"], "option", 75, true)
			if value, _ := option["value"].(string); value == "" || len(value) > 75 {
				c.complain("an option's value has %d characters", len(value))
			}
		}
	case "external_select", "multi_external_select":
		if least, given := e["min_query_length"].(float64); given && (least < 0 || least != float64(int(least))) {
			c.complain("min_query_length is %v", e["min_query_length"])
		}
		if e["options"] != nil {
			c.complain("%v has options of its own", kind)
		}
	case "datetimepicker":
		// as Slack says: "a UNIX timestamp in seconds ... 10 digits"
		if at, given := e["initial_date_time"].(float64); given && len(fmt.Sprintf("%.0f", at)) != 10 {
			c.complain("initial_date_time is %v", at)
		}
	case "datepicker":
		if day, given := e["initial_date"].(string); given {
			if _, err := time.Parse(time.DateOnly, day); err != nil { // as Slack says: "in the format YYYY-MM-DD"
				c.complain("initial_date is %q", day)
			}
		}
	case "users_select", "file_input":
	case "plain_text_input":
		most, _ := e["max_length"].(float64)
		if initial, _ := e["initial_value"].(string); most > 3000 || most > 0 && utf8.RuneCountInString(initial) > int(most) {
			c.complain("max_length %v, initial_value of %d", most, utf8.RuneCountInString(initial))
		}
	default:
		c.complain("unsupported element %v", kind)
	}
	if confirm, ok := e["confirm"].(map[string]any); ok {
		c.text(confirm["title"], "confirm title", 100, true)
		c.text(confirm["text"], "confirm text", 300, true)
		c.text(confirm["confirm"], "confirm button", 30, true)
		c.text(confirm["deny"], "deny button", 30, true)
	}
}
