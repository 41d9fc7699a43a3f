// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import "github.com/yuin/gopher-lua/ast"

// Names of the functions that stand for operations which the virtual machine does not bound. They are no names of Lua, so
// that no script can call or replace them.
const (
	nameConcat = " concat"
	nameIndex  = " index"
)

// guard puts calls in the place of two operations of a script, so that their results are charged: .. doubles a text in
// one instruction, and t[n] = v fills a table up to n.
func guard(chunk []ast.Stmt) []ast.Stmt {
	for _, s := range chunk {
		guardStmt(s)
	}
	return chunk
}

func guardStmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for i := range s.Lhs {
			s.Lhs[i] = guardExpr(s.Lhs[i])
			if at, ok := s.Lhs[i].(*ast.AttrGetExpr); ok {
				at.Key = guardKey(at.Key)
			}
		}
		guardExprs(s.Rhs)
	case *ast.LocalAssignStmt:
		guardExprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = guardExpr(s.Expr)
	case *ast.DoBlockStmt:
		guard(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = guardExpr(s.Condition)
		guard(s.Stmts)
	case *ast.RepeatStmt:
		s.Condition = guardExpr(s.Condition)
		guard(s.Stmts)
	case *ast.IfStmt:
		s.Condition = guardExpr(s.Condition)
		guard(s.Then)
		guard(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = guardExpr(s.Init), guardExpr(s.Limit), guardExpr(s.Step)
		guard(s.Stmts)
	case *ast.GenericForStmt:
		guardExprs(s.Exprs)
		guard(s.Stmts)
	case *ast.FuncDefStmt:
		s.Name.Func, s.Name.Receiver = guardExpr(s.Name.Func), guardExpr(s.Name.Receiver)
		guard(s.Func.Stmts)
	case *ast.ReturnStmt:
		guardExprs(s.Exprs)
	}
}

func guardExprs(all []ast.Expr) {
	for i := range all {
		all[i] = guardExpr(all[i])
	}
}

func guardExpr(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.StringConcatOpExpr:
		return call(e, nameConcat, guardExpr(e.Lhs), guardExpr(e.Rhs))
	case *ast.AttrGetExpr:
		e.Object, e.Key = guardExpr(e.Object), guardExpr(e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			f.Value = guardExpr(f.Value)
			if f.Key != nil {
				f.Key = guardKey(guardExpr(f.Key))
			}
		}
	case *ast.FuncCallExpr:
		e.Func, e.Receiver = guardExpr(e.Func), guardExpr(e.Receiver)
		guardExprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = guardExpr(e.Lhs), guardExpr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = guardExpr(e.Lhs), guardExpr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = guardExpr(e.Lhs), guardExpr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = guardExpr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = guardExpr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = guardExpr(e.Expr)
	case *ast.FunctionExpr:
		guard(e.Stmts)
	}
	return e
}

// guardKey puts the bound around the key of an assignment, unless it is plain text.
func guardKey(key ast.Expr) ast.Expr {
	if _, plain := key.(*ast.StringExpr); plain {
		return key
	}
	return call(key, nameIndex, key)
}

func call(at ast.Expr, name string, args ...ast.Expr) ast.Expr {
	function := &ast.IdentExpr{Value: name}
	made := &ast.FuncCallExpr{Func: function, Args: args, AdjustRet: true}
	for _, e := range []ast.Expr{function, made} {
		e.SetLine(at.Line())
		e.SetLastLine(at.LastLine())
	}
	return made
}
