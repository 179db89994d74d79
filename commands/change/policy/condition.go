package policy

import (
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// condition is the further condition of a rule, in the expression language. It is written by people whom the
// installation trusts, yet a slip must not stop everybody's changes: it is stopped after conditionTime, and counts as
// one that could not be computed.
type condition struct{ program *vm.Program }

const (
	conditionTime   = 100 * time.Millisecond
	conditionValues = 10_000 // in the ranges and lists that it makes
	conditionNodes  = 500
	conditionText   = 4096 // bytes of a text that it makes
)

// multiplying are the functions whose result can be many times as large as what they are given, in one step that
// nothing interrupts.
var multiplying = []string{"concat", "flatten", "join", "repeat", "replace", "toJSON"}

var (
	errConditionTime   = errors.New("it took longer than 100 ms")
	errConditionValues = errors.New("it goes through more than 10,000 values")
	errConditionText   = errors.New("it makes a text of more than 4,096 bytes")
)

// compile reads a condition; what it names has to exist, and it has to say yes or no. It is not optimized, for then its
// ranges would be made here.
func compile(cond string) (*condition, error) {
	options := []expr.Option{
		expr.Env(exprEnv{}), expr.AsBool(), expr.MaxNodes(conditionNodes), expr.Optimize(false), expr.Patch(watched{}),
	}
	for _, name := range multiplying {
		options = append(options, expr.DisableBuiltin(name))
	}
	p, err := expr.Compile(cond, options...)
	if err != nil {
		return nil, err
	}
	return &condition{p}, nil
}

// watched makes every turn of a loop ask whether there is time left, and every sum of texts whether it is short. Only
// loops can take long in so short a text, and only sums can grow.
type watched struct{}

// Visit implements ast.Visitor.
func (watched) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		ask := &ast.CallNode{Callee: &ast.IdentifierNode{Value: watchName}}
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{ask, n.Node}}
	case *ast.BinaryNode:
		if t := n.Type(); n.Operator == "+" && (t == nil || t.Kind() == reflect.String || t.Kind() == reflect.Interface) {
			*node = &ast.CallNode{Callee: &ast.IdentifierNode{Value: shortName}, Arguments: []ast.Node{n}}
		}
	}
}

// What expressions know exprEnv.Watch and exprEnv.Short by.
const (
	watchName = "__watch"
	shortName = "__short"
)

// short lets everything pass but a text that is too long.
func short(v any) (any, error) {
	if text, is := v.(string); is && len(text) > conditionText {
		return nil, errConditionText
	}
	return v, nil
}

// holds reports whether the condition holds for what is known of a change.
func (c *condition) holds(env exprEnv) (bool, error) {
	end := time.Now().Add(conditionTime)
	env.Short = short
	env.Watch = func() (bool, error) {
		if time.Now().After(end) {
			return false, errConditionTime
		}
		return true, nil
	}
	type result struct {
		out any
		err error
	}
	// A single step over many values asks nobody, so nobody waits for it for ever. It ends by itself: conditionValues
	// bounds it.
	done := make(chan result, 1)
	go func() {
		machine := vm.VM{MemoryBudget: conditionValues}
		out, err := machine.Run(c.program, env)
		done <- result{out, err}
	}()
	patience := time.NewTimer(10 * conditionTime)
	defer patience.Stop()
	select {
	case r := <-done:
		return r.out == true, plainly(r.err)
	case <-patience.C:
		return false, errConditionTime
	}
}

// plainly is an error of the expression language in our words, where we have some.
func plainly(err error) error {
	switch {
	case errors.Is(err, errConditionTime):
		return errConditionTime
	case errors.Is(err, errConditionText):
		return errConditionText
	case err != nil && strings.Contains(err.Error(), "memory budget exceeded"):
		return errConditionValues
	}
	return err
}
