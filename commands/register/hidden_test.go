package register_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// The depot that Ana may not see, the one that stands for what is not there, and the name of the first.
const hiddenID, missingID, hiddenName = "bunker", "nowhere", "Quiet place"

// hides is a gadget of Ana that names a depot that she may not see in every way there is.
func hides(t *testing.T, url string) *world {
	w := newWorld(t, url)
	for _, line := range []string{
		"/ops depot add North", "/ops depot add South", `/ops depot add "` + hiddenName + `" key=bunker visible=restricted`,
		"/ops gadget add Lamp owner=@ana depot=bunker spares=north", "/ops gadget edit GDG-1 depot=south spares=north,bunker",
		"/ops gadget edit GDG-1 depot=bunker story=moved", "/ops gadget add Torch owner=@ana depot=north",
		"/ops link GDG-1 uses bunker", "/ops unlink GDG-1 uses bunker", "/ops link GDG-1 uses bunker",
	} {
		w.Do("mia", line)
	}
	return w
}

var cursor = regexp.MustCompile(`"after":"([A-Za-z0-9_-]+)"`)

// all is everything that a reply gives away, in lower case: also where its next page begins.
func all(t *testing.T, r bot.Reply) string {
	t.Helper()
	data, err := json.Marshal([]any{r, r.Page, r.Data})
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, m := range cursor.FindAllStringSubmatch(text, -1) {
		if key, err := base64.RawURLEncoding.DecodeString(m[1]); err == nil {
			text += "\n" + string(key)
		}
	}
	return strings.ToLower(text)
}

// A record that everybody may see gives nothing away of a restricted one that it names, wherever it is shown.
func TestNothingNamesWhatIsHidden(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := hides(t, url)
		gives := func(what, text string) {
			t.Helper()
			text = strings.ToLower(text)
			if strings.Contains(text, hiddenID) || strings.Contains(text, strings.ToLower(hiddenName)) {
				t.Errorf("%s gives it away: %s", what, text)
			}
		}
		lines := []string{
			"/ops GDG-1", "/ops gadget show GDG-1", "/ops gadget list", "/ops gadget list mine",
			"/ops gadget list sort=-changed",
			"/ops gadget list sort=depot", "/ops gadget list find=lamp", "/ops find lamp", "/ops history GDG-1",
			"/ops gadget history GDG-1", "/ops depot list", "/ops show north", "/ops gadget export", "/ops gadget edit GDG-1",
			"/ops gadget edit GDG-1 tags=new",
		}
		for _, line := range lines {
			for _, r := range []bot.Request{{Text: line}, {Text: line, Paged: true}, {Text: line, Scopes: []string{"*"}}} {
				reply := w.Send("ana", r)
				if gives(line, all(t, reply)); reply.Status == bot.Refused && !strings.Contains(line, "sort=depot") {
					t.Errorf("%s shows nothing: %s", line, bottest.Text(reply))
				}
			}
		}
		gives("the file", strings.Join(w.Told("ana"), "\n"))
		for _, trial := range []bot.Reply{
			w.try("ana", "gadget", "key,depot,spares", "GDG-1,,north"), w.try("ana", "gadget", "key,spares", "GDG-1,south"),
			w.try("ana", "gadget", "key,story", "GDG-1,again"),
		} {
			gives("a trial", all(t, trial))
		}
		for _, param := range []string{"depot", "spares", "gadget"} {
			options, err := w.Bot.Choices(t.Context(), w.Account("ana"), "gadget.edit", param, "")
			data, _ := json.Marshal(options)
			if gives("choices of "+param, string(data)); err != nil {
				t.Error(err)
			}
		}
		for _, typed := range []string{"/ops gadget edit GDG-1 depot=", "/ops gadget show ", "/ops depot show b"} {
			list, err := w.Bot.Completions(t.Context(), w.Account("ana"), typed)
			data, _ := json.Marshal(list)
			if gives("completions of "+typed, string(data)); err != nil {
				t.Error(err)
			}
		}
		for _, who := range []string{"ana", "mia"} {
			m, err := w.Bot.Preview(t.Context(), "GDG-1", w.Account(who), []bot.Account{w.Account("ana"), w.Account("mia")})
			if err == nil {
				gives("the preview for "+who, bottest.Text(bot.Answer(m)))
			}
		}
		shown := bottest.Text(w.Do("mia", "/ops GDG-1"))
		w.Contains(shown, "bunker Quiet place", "north North")
	})
}

// What somebody may not see answers to everything as if it were not there.
func TestWhatIsHiddenIsAsIfItWereNotThere(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := hides(t, url)
		at := regexp.MustCompile(`"(Token|token|At|at)":"[^"]*"`)
		for _, line := range []string{
			"/ops show @", "/ops history @", "/ops depot show @", "/ops depot history @", "/ops gadget list depot=@",
			"/ops find @", "/ops gadget list find=@", "/ops depot edit @ notes=x", "/ops depot archive @",
			"/ops link GDG-1 uses @",
			"/ops link GDG-2 uses @", "/ops unlink GDG-1 uses @", "/ops gadget edit GDG-1 depot=@",
			"/ops gadget edit GDG-1 spares=@", "/ops gadget edit GDG-1 spares=north,@", "/ops gadget edit GDG-2 depot=@",
			"/ops gadget add Third depot=@",
		} {
			answer := func(id string) string {
				text := all(t, w.Type("ana", strings.Replace(line, "@", id, 1)))
				return strings.ReplaceAll(at.ReplaceAllString(text, ""), id, "@")
			}
			if is, would := answer(hiddenID), answer(missingID); is != would {
				t.Errorf("%s\nsays %s\nnot  %s", line, is, would)
			}
		}
	})
}

// Whoever does not see all that a field names changes what they see, and loses nothing else.
func TestAnEditKeepsWhatIsHidden(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := hides(t, url)
		is := func(depot, spares string) {
			t.Helper()
			w.Contains(w.export("mia", "gadget"), ","+depot+","+spares+",")
		}
		w.Do("ana", "/ops gadget edit GDG-1 spares=south")
		is("bunker", `"south,bunker"`)
		w.Do("ana", `/ops gadget edit GDG-1 spares="" depot=""`)
		is("bunker", "bunker")
		w.Refused("ana", "/ops gadget edit GDG-1 depot=south", "may not see")
		form := w.Type("ana", "/ops gadget edit GDG-1").Form
		values := map[string]string{}
		for _, in := range form.Inputs {
			values[in.Name] = in.Value
		}
		values["story"], values["spares"] = "by form", "north"
		w.Done(w.Submit("ana", form, values))
		is("bunker", `"north,bunker"`)
		csv := w.export("ana", "gadget")
		again := w.try("ana", "gadget", strings.Split(strings.TrimSpace(csv), "\n")...)
		w.Contains(bottest.Text(again), "0 to add, 0 to change")
		w.Done(w.applies("ana", w.try("ana", "gadget", "key,depot,spares", "GDG-1,,south")))
		is("bunker", `"south,bunker"`)
		w.Do("mia", "/ops undo "+w.imports("gadget", "key,depot,spares", "GDG-1,south,north"))
		is("bunker", `"south,bunker"`)
		undo := "/ops undo " + w.imports("gadget", "key,depot,spares", "GDG-1,south,north")
		w.Refused("ana", undo, "GDG-1 would name something again that you may not see")
		w.verify()
	})
}
