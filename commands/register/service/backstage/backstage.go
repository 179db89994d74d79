// Package backstage reads catalog-info.yaml, the files in which Backstage keeps what there is, as imports of services.
package backstage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/service/item"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

// entity is what Backstage's catalog-info.yaml says of one thing, as far as services have it. The format is described
// at https://backstage.io/docs/features/software-catalog/descriptor-format
type entity struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name        string            `yaml:"name"`
		Title       string            `yaml:"title"`
		Description string            `yaml:"description"`
		Annotations map[string]string `yaml:"annotations"`
		Tags        []string          `yaml:"tags"`
		Links       []struct {
			URL   string `yaml:"url"`
			Title string `yaml:"title"`
			Type  string `yaml:"type"`
		} `yaml:"links"`
	} `yaml:"metadata"`
	Spec struct {
		Lifecycle string   `yaml:"lifecycle"`
		Owner     string   `yaml:"owner"`
		System    string   `yaml:"system"`
		DependsOn []string `yaml:"dependsOn"`
	} `yaml:"spec"`
}

// maxEntities is how many one file may have.
const maxEntities = 10_000

// lifecycles are those that Backstage suggests.
var lifecycles = map[string]item.Lifecycle{"experimental": item.Planned, "production": item.Live,
	"deprecated": item.Deprecated}

// catalogColumns are the fields that a catalog-info.yaml fills in.
var catalogColumns = []string{
	"name", "description", "tags", "lifecycle", "owner", "team", "depends-on", "repo", "runbook", "dashboard", "extra",
}

// Here is what is known where a file is read.
type Here struct {
	Services []*item.Service
	Teams    map[string][]string
	People   []bot.Person
}

// Convert makes the CSV of an import of a catalog-info.yaml. What the file does not say of a service that is there
// stays.
func (h Here) Convert(data []byte) ([]byte, error) {
	entities, err := readEntities(data)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, s := range h.Services {
		known[s.ID] = true
	}
	for _, e := range entities {
		known[idOf(e.Metadata.Name, known)] = true
	}
	var out bytes.Buffer
	err = sheet.Write(&out, catalogColumns, func(write func([]string) error) error {
		for _, e := range entities {
			s := item.Named(h.Services, idOf(e.Metadata.Name, known))
			if s == nil {
				s = &item.Service{}
				s.Preset()
				s.ID = idOf(e.Metadata.Name, known)
			}
			e.onto(s, known)
			e.own(s, h.Teams, h.People)
			var extra []string
			for _, k := range slices.Sorted(maps.Keys(s.Extra)) {
				extra = append(extra, k+"="+s.Extra[k])
			}
			if err := write([]string{
				s.ID, s.Name, s.Describes, strings.Join(s.Tags, ","), string(s.Lifecycle), string(s.Owner), s.Team,
				strings.Join(s.DependsOn, ","), s.Repo, s.Runbook, s.Dashboard, strings.Join(extra, "\n"),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return out.Bytes(), err
}

// readEntities reads the components and resources of a file of several documents.
func readEntities(data []byte) ([]entity, error) {
	var list []entity
	for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var e entity
		err := d.Decode(&e)
		switch {
		case errors.Is(err, io.EOF) && len(list) == 0:
			return nil, bot.Errorf(
				bot.Invalid, "This file has no Component and no Resource. Take a catalog-info.yaml of Backstage, or a CSV file.",
			).About("csv")
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, bot.Errorf(bot.Invalid, "This is not a catalog-info.yaml: %s", bot.Shown(yaml.FormatError(err, false,
				false))).
				About("csv")
		case len(list) == maxEntities:
			return nil, bot.Errorf(bot.Invalid, "This file has more than %d entities. Please split it.",
				maxEntities).About("csv")
		}
		if (e.Kind == "Component" || e.Kind == "Resource") && e.Metadata.Name != "" {
			list = append(list, e)
		}
	}
}

// idOf is the id of a service by the name of an entity.
func idOf(name string, known map[string]bool) string {
	if id := strings.ToLower(name); known[id] {
		return id
	}
	return value.Slug(name, 40)
}

// onto makes a service what the entity says, but for who owns it. Of what it needs, what is no service is kept in
// words.
func (e *entity) onto(s *item.Service, known map[string]bool) {
	m := e.Metadata
	s.Extra = maps.Clone(s.Extra)
	if s.Extra == nil {
		s.Extra = map[string]string{}
	}
	set := func(at *string, text string) {
		if text = value.Line(text); text != "" {
			*at = text
		}
	}
	more := func(key, text string) {
		if text = strings.ReplaceAll(value.Line(text), ",", " "); text != "" {
			s.Extra[key] = text
		}
	}
	if s.Name == "" {
		s.Name = m.Name
	}
	set(&s.Name, m.Title)
	set(&s.Describes, m.Description)
	for _, t := range m.Tags {
		s.Tags = item.Unite(s.Tags, strings.ToLower(t))
	}
	if l, ok := lifecycles[strings.ToLower(e.Spec.Lifecycle)]; ok && (l != item.Planned || s.Number == 0) {
		s.Lifecycle = l
	}
	more("system", e.Spec.System)
	var others []string
	for _, ref := range e.Spec.DependsOn {
		if id := idOf(lastOf(ref), known); known[id] {
			s.DependsOn = item.Unite(s.DependsOn, id)
		} else {
			others = append(others, ref)
		}
	}
	more("depends-on", strings.Join(others, " "))
	if slug := m.Annotations["github.com/project-slug"]; slug != "" {
		set(&s.Repo, "https://github.com/"+slug)
	}
	set(&s.Repo, strings.TrimPrefix(m.Annotations["backstage.io/source-location"], "url:"))
	for i, l := range m.Links {
		switch what := strings.ToLower(l.Type + " " + l.Title); {
		case strings.Contains(what, "runbook"):
			set(&s.Runbook, l.URL)
		case strings.Contains(what, "dashboard"):
			set(&s.Dashboard, l.URL)
		default:
			more(fmt.Sprintf("link-%d", i+1), l.URL)
		}
	}
}

// own gives the service to the team or person that the entity names, if they are known here.
func (e *entity) own(s *item.Service, teams map[string][]string, people []bot.Person) {
	kind, name := "", lastOf(e.Spec.Owner)
	if k, _, ok := strings.Cut(e.Spec.Owner, ":"); ok {
		kind = strings.ToLower(k)
	}
	active := func(p bot.Person) bool { return string(p.ID) == strings.ToLower(name) && p.Active }
	if _, ok := teams[name]; ok && kind != "user" {
		s.Team = name
	} else if kind != "group" && slices.ContainsFunc(people, active) {
		s.Owner = bot.PersonID(strings.ToLower(name))
	} else if name != "" {
		s.Extra["owner"] = name
	}
}

// lastOf is the name of a reference like component:default/payments.
func lastOf(ref string) string {
	_, after, _ := strings.Cut(ref, ":")
	if after == "" {
		after = ref
	}
	return after[strings.LastIndex(after, "/")+1:]
}
