// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An expression of a template. */
sealed interface Expression {

  /**
   * Returns the value.
   *
   * @throws IllegalArgumentException if an operation has no meaning for its operands
   */
  Object in(Scope scope);

  /** A value that is written down. */
  record Constant(Object value) implements Expression {
    @Override
    public Object in(Scope scope) {
      return value;
    }
  }

  /** A name. */
  record Variable(String name) implements Expression {
    @Override
    public Object in(Scope scope) {
      return scope.get(name);
    }
  }

  /** A list. */
  record Listed(List<Expression> elements) implements Expression {
    @Override
    public Object in(Scope scope) {
      List<Object> values = new ArrayList<>();
      elements.forEach(each -> values.add(each.in(scope)));
      return values;
    }
  }

  /** One value or another. */
  record Choice(Expression condition, Expression then, Expression otherwise) implements Expression {
    @Override
    public Object in(Scope scope) {
      return Values.isTrue(condition.in(scope)) ? then.in(scope) : otherwise.in(scope);
    }
  }

  /** The first operand that decides, as Python has it. */
  record And(Expression first, Expression second) implements Expression {
    @Override
    public Object in(Scope scope) {
      Object value = first.in(scope);
      return Values.isTrue(value) ? second.in(scope) : value;
    }
  }

  /** The first operand that decides, as Python has it. */
  record Or(Expression first, Expression second) implements Expression {
    @Override
    public Object in(Scope scope) {
      Object value = first.in(scope);
      return Values.isTrue(value) ? value : second.in(scope);
    }
  }

  /** The opposite. */
  record Not(Expression operand) implements Expression {
    @Override
    public Object in(Scope scope) {
      return !Values.isTrue(operand.in(scope));
    }
  }

  /** A comparison or an arithmetic operation. */
  record Binary(Operation operation, Expression first, Expression second) implements Expression {
    @Override
    public Object in(Scope scope) {
      return operation.of(first.in(scope), second.in(scope));
    }
  }

  /** An attribute or an element. */
  record Member(Expression of, Expression key) implements Expression {
    @Override
    public Object in(Scope scope) {
      return Values.member(of.in(scope), key.in(scope));
    }
  }

  /** A slice; an end that is left out is none. */
  record Slice(Expression of, Expression first, Expression end, Expression step)
      implements Expression {
    @Override
    public Object in(Scope scope) {
      return Values.slice(of.in(scope), first.in(scope), end.in(scope), step.in(scope));
    }
  }

  /** A function, a filter, a test or a method, called. */
  record Called(Callable callable, List<Expression> arguments, Map<String, Expression> named)
      implements Expression {
    @Override
    public Object in(Scope scope) {
      List<Object> values = new ArrayList<>();
      arguments.forEach(each -> values.add(each.in(scope)));
      Map<String, Object> byName = new java.util.LinkedHashMap<>();
      named.forEach((name, each) -> byName.put(name, each.in(scope)));
      return callable.of(values, byName);
    }
  }

  /** What a call does. */
  @FunctionalInterface
  interface Callable {
    Object of(List<Object> arguments, Map<String, Object> named);
  }
}
