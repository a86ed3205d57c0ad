// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value as it is written, not yet typed, and where. */
sealed interface Node {

  /** Returns where the value stands: for a key's value, the key. */
  Location location();

  /** Returns what an error calls it: {@code 'abc'}, {@code a list}. */
  String description();

  /** Nothing after a key, or {@code null}. */
  record Empty(Location location) implements Node {
    @Override
    public String description() {
      return "empty";
    }
  }

  /** A scalar; what it is a scalar of, its component says. */
  record Text(String text, Location location) implements Node {
    @Override
    public String description() {
      return "'" + OneLine.of(text) + "'";
    }
  }

  /** A list. */
  record Items(List<Node> nodes, Location location) implements Node {
    @Override
    public String description() {
      return "a list";
    }
  }

  /** Keys with their values, in the order of the file. */
  record Keys(Map<String, Node> nodes, Location location) implements Node {
    @Override
    public String description() {
      return "a section with keys";
    }

    /** Returns this with {@code value} at {@code path}; what the path leads through is made. */
    Keys with(List<String> path, Node value) {
      Map<String, Node> changed = new LinkedHashMap<>(nodes);
      String name = path.get(0);
      if (path.size() == 1) {
        changed.put(name, value);
      } else {
        Keys inner =
            nodes.get(name) instanceof Keys keys ? keys : new Keys(Map.of(), value.location());
        changed.put(name, inner.with(path.subList(1, path.size()), value));
      }
      return new Keys(changed, location);
    }

    /** Returns this without the key {@code name}. */
    Keys without(String name) {
      Map<String, Node> rest = new LinkedHashMap<>(nodes);
      rest.remove(name);
      return new Keys(rest, location);
    }
  }
}
