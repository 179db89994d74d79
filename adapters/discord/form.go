package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/bot"
)

// maxAttached bounds what is fetched; what a command takes is less, and the core says how much.
const maxAttached = 16 << 20

// submitted carries out a modal that somebody sent off. One of several steps is kept, and the rest is asked for.
func (i *incoming) submitted(ctx context.Context) bot.Reply {
	r := bot.Request{Token: i.id.Token, Draft: i.id.Next != look.NoNext}
	wrong := map[string]string{}
	r.Values = i.values(ctx, wrong)
	r.Files = i.files(ctx, wrong)
	r.Draft = r.Draft || len(wrong) > 0
	reply := i.receive(ctx, r)
	if meant := i.meant(ctx, reply); len(meant) > 0 && len(wrong) == 0 {
		reply = i.receive(ctx, bot.Request{Token: reply.Form.Token, Values: meant, Files: r.Files})
	}
	if reply.Form != nil && len(wrong) > 0 {
		for n := range reply.Form.Inputs {
			in := &reply.Form.Inputs[n]
			in.Error = wrong[in.Name]
		}
		reply.Status = bot.Usage
	}
	return reply
}

// meant are the choices that a refused form does not know as they were typed, where only one fits the words: Discord
// completes nothing in a modal, so people type a part of a name.
func (i *incoming) meant(ctx context.Context, r bot.Reply) map[string]string {
	if r.Form == nil || r.Status != bot.Usage {
		return nil
	}
	meant := map[string]string{}
	for _, in := range r.Form.Inputs {
		if in.Error == "" || !in.Search || in.Value == "" {
			continue
		}
		found, err := i.a.o.Core.Options(ctx, i.caller.account, r.Form.Token, in.Name, in.Value)
		if err != nil || len(found) != 1 {
			return nil // nothing is won by mending some
		}
		meant[in.Name] = found[0].Value
	}
	return meant
}

// values reads what a modal holds, by the names of its inputs. What cannot be taken is noted in wrong.
func (i *incoming) values(ctx context.Context, wrong map[string]string) map[string]string {
	values := map[string]string{}
	for _, in := range i.in.Data.Inputs() {
		switch in.Type {
		case look.UserSelect:
			values[in.CustomID] = ""
			if len(in.Values) == 0 {
				continue
			}
			who, err := i.a.o.Core.PersonOf(ctx, i.met(in.Values[0]))
			switch {
			case err == nil:
				values[in.CustomID] = "@" + string(who)
			case errors.Is(err, bot.ErrNoSuch):
				wrong[in.CustomID] = "This person" + cannotTakeOn
			default:
				i.a.log.Warn("somebody who was chosen was not looked up", "error", i.a.api.Redact(err))
				wrong[in.CustomID] = cannotTell("who this person is")
			}
		case look.FileUpload:
		case look.StringSelect, look.CheckboxGroup:
			values[in.CustomID] = strings.Join(in.Values, ",")
		default:
			var text string
			if json.Unmarshal(in.Value, &text) != nil && string(in.Value) != "null" {
				text = string(in.Value)
			}
			values[in.CustomID] = text
		}
	}
	return values
}

var errTooLarge = errors.New("the file is too large")

// files fetches the files of a modal, one for each of its inputs.
func (i *incoming) files(ctx context.Context, wrong map[string]string) map[string]bot.Upload {
	var files map[string]bot.Upload
	for _, in := range i.in.Data.Inputs() {
		if in.Type != look.FileUpload || len(in.Values) == 0 {
			continue
		}
		f := i.in.Data.Resolved.Attachments[in.Values[0]]
		data, err := i.a.fetch(ctx, f)
		switch {
		case errors.Is(err, errTooLarge):
			wrong[in.CustomID] = fmt.Sprintf("The file is larger than %d MiB.", maxAttached>>20)
		case err != nil:
			i.a.log.WarnContext(ctx, "fetch a file", "input", in.CustomID, "error", i.a.api.Redact(err))
			wrong[in.CustomID] = "Discord does not hand the file out just now. Please choose it again."
		default:
			if files == nil {
				files = map[string]bot.Upload{}
			}
			files[in.CustomID] = bot.Upload{Name: f.Filename, Data: data}
		}
	}
	return files
}

// fileHosts are where Discord keeps files. Nothing else is fetched: an address comes from outside.
var fileHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

// fetch reads a file that somebody attached.
func (a *Adapter) fetch(ctx context.Context, f payload.Attachment) ([]byte, error) {
	if f.Size > maxAttached {
		return nil, errTooLarge
	}
	at, err := url.Parse(f.URL)
	if err != nil {
		return nil, err
	}
	ours := a.o.APIURL != "" && strings.HasPrefix(f.URL, strings.TrimRight(a.o.APIURL, "/")+"/")
	if !ours && (at.Scheme != "https" || !slices.Contains(fileHosts, at.Host)) {
		return nil, fmt.Errorf("a file is not at Discord but at %q", at.Host)
	}
	ctx, cancel := context.WithTimeout(ctx, a.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return nil, err
	}
	resp, err := fetcher.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAttached+1))
	if len(data) > maxAttached {
		return nil, errTooLarge
	}
	return data, err
}

// fetcher follows no redirects: they may lead anywhere.
var fetcher = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// user finds the Discord user of a person, "" for somebody who has none in this guild.
func (i *incoming) user(ctx context.Context) func(bot.PersonID) string {
	return func(who bot.PersonID) string {
		account, ok, err := i.a.o.Core.AccountOf(ctx, who, Platform)
		if err != nil || !ok || account.Workspace != i.caller.account.Workspace {
			return ""
		}
		return account.User
	}
}
