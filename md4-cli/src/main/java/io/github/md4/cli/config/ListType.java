// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A list, which replaces the whole default. A single value is a list of one. */
record ListType(ConfigType element) implements ConfigType {
  @Override
  public Object read(Node node, ConfigKey key, Object fallback) {
    if (node instanceof Node.Text) {
      return List.of(element.read(node, key, null));
    }
    if (!(node instanceof Node.Items items)) {
      throw node.location().invalid(key.path(), "must be a list, but is " + node.description());
    }
    List<Object> values = new ArrayList<>();
    ConfigErrors errors = new ConfigErrors();
    for (int i = 0; i < items.nodes().size(); i++) {
      ConfigKey at = key.element(i);
      Node item = items.nodes().get(i);
      errors.in(at.path(), () -> values.add(element.read(item, at, null)));
    }
    errors.check(List.of(), null, Set.of());
    return List.copyOf(values);
  }

  @Override
  public void write(Object value, JsonGenerator yaml) throws IOException {
    yaml.writeStartArray();
    for (Object item : (List<?>) value) {
      element.write(item, yaml);
    }
    yaml.writeEndArray();
  }

  @Override
  public Optional<Object> absent(ConfigKey key, Location section) {
    return Optional.empty();
  }
}
