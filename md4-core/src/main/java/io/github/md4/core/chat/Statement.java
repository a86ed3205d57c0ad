// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import io.github.md4.core.internal.text.Counted;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A part of a template that writes text or sets names. */
sealed interface Statement {

  /** Writes the part. */
  void write(Scope scope, StringBuilder out);

  /** Text as it is. */
  record Text(String text) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      out.append(text);
    }
  }

  /** The value of an expression. */
  record Output(Expression expression) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      out.append(Values.text(expression.in(scope)));
    }
  }

  /** One part after another. */
  record Block(List<Statement> parts) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      for (Statement part : parts) {
        scope.step(out);
        part.write(scope, out);
      }
    }
  }

  /** The first branch whose condition holds. */
  record If(Expression condition, Statement then, Statement otherwise) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      (Values.isTrue(condition.in(scope)) ? then : otherwise).write(scope, out);
    }
  }

  /** A name that is given a value. */
  record Set(String name, Expression value) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      scope.set(name, value.in(scope));
    }
  }

  /** An attribute of a namespace that is given a value. */
  record SetMember(String namespace, String name, Expression value) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      if (!(scope.get(namespace) instanceof Map<?, ?> map)) {
        throw new IllegalArgumentException(namespace + " is no namespace");
      }
      @SuppressWarnings("unchecked") // a namespace's keys are names
      Map<String, Object> names = (Map<String, Object>) map;
      names.put(name, value.in(scope));
    }
  }

  /** A name that is given the text of a part. */
  record SetText(String name, Statement part) implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      StringBuilder text = new StringBuilder();
      part.write(scope.inner(), text);
      scope.set(name, text.toString());
    }
  }

  /** A part for each element, with {@code loop}; another where there are none. */
  record For(
      List<String> names, Expression over, Expression only, Statement each, Statement otherwise)
      implements Statement {
    @Override
    public void write(Scope scope, StringBuilder out) {
      List<Object> taken = Values.elements(over.in(scope));
      taken.removeIf(element -> !Values.isTrue(only.in(named(scope, element))));
      for (int i = 0; i < taken.size(); i++) {
        scope.step(out);
        Scope inner = named(scope, taken.get(i));
        inner.set("loop", loop(taken, i));
        each.write(inner, out);
      }
      if (taken.isEmpty()) {
        otherwise.write(scope, out);
      }
    }

    private Scope named(Scope scope, Object element) {
      Scope inner = scope.inner();
      if (names.size() == 1) {
        inner.set(names.get(0), element);
        return inner;
      }
      List<Object> parts = Values.elements(element);
      if (parts.size() != names.size()) {
        throw new IllegalArgumentException(
            "a loop has %s for %s"
                .formatted(Counted.of(names.size(), "name"), Counted.of(parts.size(), "value")));
      }
      for (int i = 0; i < parts.size(); i++) {
        inner.set(names.get(i), parts.get(i));
      }
      return inner;
    }

    private static Map<String, Object> loop(List<Object> all, int index) {
      Map<String, Object> loop = new LinkedHashMap<>();
      loop.put("index", index + 1L);
      loop.put("index0", (long) index);
      loop.put("revindex", (long) all.size() - index);
      loop.put("revindex0", all.size() - index - 1L);
      loop.put("first", index == 0);
      loop.put("last", index == all.size() - 1);
      loop.put("length", (long) all.size());
      loop.put("previtem", index > 0 ? all.get(index - 1) : Undefined.VALUE);
      loop.put("nextitem", index < all.size() - 1 ? all.get(index + 1) : Undefined.VALUE);
      return loop;
    }
  }
}
