// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.HashMap;
import java.util.Map;

/** The names that a part of a template sees: a loop's own, then those around it. */
final class Scope {
  private static final int MOST_STEPS = 1_000_000;
  private static final int MOST_TEXT = 1 << 24;

  private final Scope outer; // null of the whole template
  private final Map<String, Object> names = new HashMap<>();
  private final Budget budget;

  /** The work and the text that a template may still make. */
  private static final class Budget {
    private int steps = MOST_STEPS;
  }

  Scope(Map<String, Object> data) {
    outer = null;
    budget = new Budget();
    names.putAll(data);
  }

  private Scope(Scope outer) {
    this.outer = outer;
    this.budget = outer.budget;
  }

  /** Returns a scope whose own names are not seen outside. */
  Scope inner() {
    return new Scope(this);
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      if (scope.names.containsKey(name)) {
        return scope.names.get(name);
      }
    }
    return Undefined.VALUE;
  }

  void set(String name, Object value) {
    names.put(name, value);
  }

  /**
   * Counts a step.
   *
   * @throws IllegalArgumentException if a template does more than any that writes a conversation
   */
  void step(StringBuilder written) {
    if (budget.steps-- == 0 || written.length() > MOST_TEXT) {
      throw new IllegalArgumentException("the template does not come to an end");
    }
  }
}
