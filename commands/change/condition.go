package change

import (
	"errors"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// condition is the further condition of a rule, in the expression language. It is written by people whom the installation trusts, yet a slip must
// not stop everybody's changes: it is stopped after conditionTime, and counts as one that could not be computed.
type condition struct{ program *vm.Program }

const (
	conditionTime   = 100 * time.Millisecond
	conditionValues = 10_000 // in the ranges and lists that it makes
	conditionNodes  = 500
)

var (
	errConditionTime   = errors.New("it took longer than 100 ms")
	errConditionValues = errors.New("it goes through more than 10,000 values")
)

// compile reads a condition; what it names has to exist, and it has to say yes or no. It is not optimized, for then its ranges would be made here.
func compile(cond string) (*condition, error) {
	p, err := expr.Compile(cond, expr.Env(exprEnv{}), expr.AsBool(), expr.MaxNodes(conditionNodes), expr.Optimize(false), expr.Patch(watched{}))
	if err != nil {
		return nil, err
	}
	return &condition{p}, nil
}

// watched makes every turn of a loop ask whether there is time left. Only loops can take long in so short a text.
type watched struct{}

// Visit implements ast.Visitor.
func (watched) Visit(node *ast.Node) {
	if loop, ok := (*node).(*ast.PredicateNode); ok {
		ask := &ast.CallNode{Callee: &ast.IdentifierNode{Value: watchName}}
		loop.Node = &ast.SequenceNode{Nodes: []ast.Node{ask, loop.Node}}
	}
}

// watchName is what expressions know exprEnv.Watch by.
const watchName = "__watch"

// holds reports whether the condition holds for what is known of a change.
func (c *condition) holds(env exprEnv) (bool, error) {
	end := time.Now().Add(conditionTime)
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
	// A single step over many values asks nobody, so nobody waits for it for ever. It ends by itself: conditionValues bounds it.
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
	case err != nil && strings.Contains(err.Error(), "memory budget exceeded"):
		return errConditionValues
	}
	return err
}
