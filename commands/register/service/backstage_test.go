package service_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

const catalogInfo = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Checkout_API
  title: Checkout
  description: Where customers pay
  annotations:
    github.com/project-slug: shop/checkout
  tags: [java, pci]
  links:
    - {url: "https://wiki.example.com/checkout", title: Runbook}
    - {url: "https://grafana.example.com/d/1", title: Numbers, type: dashboard}
    - {url: "https://chat.example.com/checkout", title: Chat}
spec:
  type: service
  lifecycle: production
  owner: group:default/platform
  system: shop
  dependsOn: ["resource:default/orders-db", "component:mail", "resource:s3"]
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db}
spec: {type: database, owner: user:ben, lifecycle: experimental}
---
kind: Group
metadata: {name: platform}
`

func TestCatalogInfoIsImported(t *testing.T) {
	each(t, func(w *world, _ string) {
		w.Do("mia", "/ops service add Mail rto=60")
		file := func(who, name, text string) bot.Reply {
			w.T.Helper()
			return w.Send(who, bot.Request{
				Shortcut: "service.import", Args: map[string]string{}, Files: map[string]bot.Upload{
					"csv": {Name: name, Data: []byte(text)},
				},
			})
		}
		apply := func(r bot.Reply) {
			w.T.Helper()
			a := bottest.ActionOf(w.Done(r).Message, "Apply")
			if a.Token == "" {
				w.T.Fatal(bottest.Text(r))
			}
			w.Done(w.Send("mia", bot.Request{Token: a.Token}))
		}
		apply(file("mia", "catalog-info.yaml", catalogInfo))
		got, err := w.services.Services(w.T.Context())
		want := []bot.Service{
			{ID: "mail", Name: "Mail", Also: []string{"SVC-1"}, Owners: []bot.PersonID{"mia"}, Tier: 4},
			{
				ID: "checkout-api", Name: "Checkout", Also: []string{"SVC-2"}, Owners: []bot.PersonID{"mia", "ben"},
				Teams: []string{"platform"}, ChatGroups: []string{"slack:@sre"}, Tier: 4, Tags: []string{"java", "pci"},
				DependsOn: []string{"orders-db", "mail"},
			},
			{ID: "orders-db", Name: "orders-db", Also: []string{"SVC-3"}, Owners: []bot.PersonID{"ben"}, Tier: 4},
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			w.T.Errorf("(-want +got)\n%s%v", diff, err)
		}
		w.Contains(bottest.Text(w.Do("dan", "/ops service show checkout-api")), "Repo: https://github.com/shop/checkout",
			"Runbook: https://wiki.example.com/checkout", "Dashboard: https://grafana.example.com/d/1", "system=shop",
			"depends-on=resource:s3", "link-3=https://chat.example.com/checkout")
		// what chat says beside stays, and the same file changes nothing
		w.Do("mia", "/ops service edit checkout-api rto=30 tier=3")
		if a := bottest.ActionOf(w.Done(file("mia", "catalog-info.yaml", catalogInfo)).Message, "Apply"); a.Token != "" {
			w.T.Error("the same file changes something")
		}
		for name, text := range map[string]string{
			"a.yaml": "kind: Group\nmetadata: {name: x}\n", "b.yaml": "kind: [", "c.yml": "\x00",
		} {
			if r := file("mia", name, text); r.Status == bot.Done {
				w.T.Errorf("%q was taken", text)
			}
		}
		if r := file("dan", "catalog-info.yaml", catalogInfo); r.Status == bot.Done {
			w.T.Error("a member imports services")
		}
		w.Verify()
	})
}

// No two lines of a file give one name to two services, neither as an alias nor as a short id.
func TestTwoLinesOfAFileShareNoName(t *testing.T) {
	each(t, func(w *world, _ string) {
		for lines, name := range map[string]string{
			"shop,Shop,store\ncart,Cart,\"basket,store\"\n": "store", "shop,Shop,\ncart,Cart,shop\n": "shop",
		} {
			r := w.Send("mia", bot.Request{
				Shortcut: "service.import", Args: map[string]string{}, Files: map[string]bot.Upload{
					"csv": {Name: "services.csv", Data: []byte("key,name,aliases\n" + lines)},
				},
			})
			w.Contains(bottest.Text(r), "1 line with errors", "Line 3: Aliases: line 2 gives shop the name "+name+" already")
		}
	})
}
