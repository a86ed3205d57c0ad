// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of a config file with its location, not yet typed. */
sealed interface Node {

  /** Returns the location of the value; for the value of a key, that of the key. */
  Location location();

  /** Returns the name of the value in errors, such as {@code 'abc'} or {@code a list}. */
  String description();

  /** Nothing after a key, or {@code null}. */
  record Empty(Location location) implements Node {
    @Override
    public String description() {
      return "empty";
    }
  }

  /** A scalar, whose type depends on its component. */
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

    /**
     * Returns these keys with {@code value} at {@code path}. Missing sections on the path are
     * created.
     */
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

    /** Returns these keys without the key {@code name}. */
    Keys without(String name) {
      Map<String, Node> rest = new LinkedHashMap<>(nodes);
      rest.remove(name);
      return new Keys(rest, location);
    }
  }
}
