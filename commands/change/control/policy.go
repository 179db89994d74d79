package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/yamlfile"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// policyHolder keeps the policy in force. A file with a mistake changes nothing: the one before stays, and Problem says why.
type policyHolder struct {
	mu      sync.Mutex
	current *policy.Policy
	cases   []policy.Case
	problem string // of the file as it is by now, "" when it is in force
	seen    string // the hash of the text that was looked at last
	checked time.Time
}

// How often the file is looked at while changes are worked on.
const policyEvery = 5 * time.Second

// LoadPolicy puts the policy of the configuration in force. One that is refused, or missing, leaves the one that was in force before this start; without any, it is an error.
func (s *Service) LoadPolicy(ctx context.Context) error {
	people, err := s.o.People(ctx)
	if err != nil {
		return err
	}
	k, err := s.catalogOf(ctx, people)
	if err != nil {
		return err
	}
	s.policy.mu.Lock()
	defer s.policy.mu.Unlock()
	text, err := s.readPolicy()
	if err == nil {
		err = s.adopt(ctx, text, k)
	}
	if err == nil {
		return nil
	}
	old, memoryErr := s.memory.Policy(ctx, "")
	if errors.Is(memoryErr, bot.ErrNoSuch) {
		return bot.Errorf(bot.Invalid, "%s: %v", s.policyName(), err)
	}
	if memoryErr != nil {
		return memoryErr
	}
	s.o.Log.Error("the policy is refused, the one before stays in force", "file", s.policyName(), "error", err)
	s.policy.problem, s.policy.seen = err.Error(), policy.ShaOf(text)
	p, cases, err := policy.ParsePolicy([]byte(old), k, true)
	if err != nil {
		return bot.Errorf(bot.Invalid, "%s: %s The policy before cannot be read by this program either: %v", s.policyName(), s.policy.problem, err)
	}
	s.policy.current, s.policy.cases = p, cases
	return nil
}

func (s *Service) policyName() string {
	if s.o.Policy == "" {
		return "the policy that ships"
	}
	return s.o.Policy
}

func (s *Service) readPolicy() ([]byte, error) {
	if s.o.Policy == "" {
		return []byte(policy.DefaultPolicy), nil
	}
	read := s.o.Read
	if read == nil {
		read = os.ReadFile
	}
	text, err := read(s.o.Policy)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	return bytes.TrimPrefix(text, []byte(yamlfile.ByteOrderMark)), nil
}

// adopt puts a text in force, once it is written down.
func (s *Service) adopt(ctx context.Context, text []byte, k policy.Catalog) error {
	p, cases, err := policy.Parse(text, k)
	if err != nil {
		return err
	}
	for _, x := range cases {
		if bad := p.Check(x, k); len(bad) > 0 {
			return &policy.Error{Problems: []string{fmt.Sprintf("its own case %q fails: %s", x.Name, bad[0])}}
		}
	}
	if err := s.memory.SavePolicy(ctx, p.SHA, p.Text, s.clock.Now()); err != nil {
		return err
	}
	s.policy.current, s.policy.cases, s.policy.problem, s.policy.seen = p, cases, "", p.SHA
	return nil
}

// currentPolicy is the policy in force. It looks at the file now and then, and takes on what changed there.
func (s *Service) currentPolicy(ctx context.Context, k policy.Catalog) *policy.Policy {
	s.policy.mu.Lock()
	defer s.policy.mu.Unlock()
	now := time.Now()
	if s.o.Policy == "" || now.Sub(s.policy.checked) < policyEvery {
		return s.policy.current
	}
	s.policy.checked = now
	s.reread(ctx, k)
	return s.policy.current
}

func (s *Service) reread(ctx context.Context, k policy.Catalog) {
	text, err := s.readPolicy()
	if err == nil {
		sha := policy.ShaOf(text)
		if sha == s.policy.seen {
			return
		}
		s.policy.seen = sha
		if err = s.adopt(ctx, text, k); err == nil {
			s.o.Log.Info("a new policy is in force", "file", s.o.Policy, "sha", sha[:12])
			return
		}
	}
	if s.policy.problem != err.Error() {
		s.policy.problem = err.Error()
		s.o.Log.Error("the policy is refused, the one before stays in force", "file", s.o.Policy, "error", err)
	}
}

// PolicyNow looks at the file at once and returns the policy in force with its cases, and what is wrong with the file, "" if nothing is.
func (s *Service) PolicyNow(ctx context.Context) (*policy.Policy, []policy.Case, string, error) {
	k, err := s.catalog(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	s.policy.mu.Lock()
	defer s.policy.mu.Unlock()
	if s.o.Policy != "" {
		s.reread(ctx, k)
	}
	return s.policy.current, s.policy.cases, s.policy.problem, nil
}

// catalog is what policies are held against.
func (s *Service) catalog(ctx context.Context) (policy.Catalog, error) {
	people, err := s.o.People(ctx)
	if err != nil {
		return policy.Catalog{}, err
	}
	return s.catalogOf(ctx, people)
}

// catalogOf is catalog, of people who were read already.
func (s *Service) catalogOf(ctx context.Context, people []bot.Person) (policy.Catalog, error) {
	services, err := s.o.Services(ctx)
	return policy.Catalog{Services: services, People: people}, err
}
