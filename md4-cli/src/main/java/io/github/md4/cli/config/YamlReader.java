// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.github.md4.core.InvalidConfigException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** The reader of a YAML document into a {@link Node}. Anchors and tags are refused. */
final class YamlReader {
  private final YAMLParser yaml;
  private final Location start;
  private final String root;

  private YamlReader(YAMLParser yaml, Location start, String root) {
    this.yaml = yaml;
    this.start = start;
    this.root = root;
  }

  /**
   * Returns the node of a text.
   *
   * @param start the location of the first line
   * @param root the key whose value the text is; "" is the whole config
   */
  static Node read(String text, Location start, String root) {
    try (YAMLParser yaml = new YAMLFactory().createParser(text)) {
      return new YamlReader(yaml, start, root).document();
    } catch (JsonProcessingException e) {
      throw syntaxError(e, start, root);
    } catch (IOException e) {
      throw new IllegalStateException("reading a string failed", e);
    }
  }

  private static InvalidConfigException syntaxError(
      JsonProcessingException error, Location start, String root) {
    if (error.getCause() instanceof MarkedYAMLException yaml && yaml.getProblemMark() != null) {
      Location location = start.line(yaml.getProblemMark().getLine() + 1);
      return location.invalid(root, "is not valid YAML: " + OneLine.of(yaml.getProblem()));
    }
    JsonLocation at = error.getLocation();
    Location location = at == null ? start : start.line(at.getLineNr());
    return location.invalid(root, "is not valid YAML: " + OneLine.of(error.getOriginalMessage()));
  }

  private Node document() throws IOException {
    if (yaml.nextToken() == null) {
      return new Node.Empty(start);
    }
    Node node = value(root, here());
    if (yaml.nextToken() != null) {
      throw here().invalid(root, "holds a second YAML document; keep one");
    }
    return node;
  }

  private Location here() {
    return start.line(yaml.currentTokenLocation().getLineNr());
  }

  /** Reads the value that begins at the current token. */
  private Node value(String key, Location location) throws IOException {
    rejectAnchorsAndTags(key);
    JsonToken token = yaml.currentToken();
    return switch (token) {
      case START_OBJECT -> keys(key, location);
      case START_ARRAY -> items(key, location);
      case VALUE_NULL -> new Node.Empty(location);
      default -> new Node.Text(yaml.getText(), location);
    };
  }

  private void rejectAnchorsAndTags(String key) throws IOException {
    if (yaml.isCurrentAlias() || yaml.getObjectId() != null) {
      throw here()
          .invalid(key, "uses a YAML anchor (& or *), which is not supported; write the value out");
    }
    if (yaml.getTypeId() != null) {
      throw here().invalid(key, "has the YAML tag '" + yaml.getTypeId() + "'; leave it out");
    }
  }

  private Node keys(String key, Location location) throws IOException {
    Map<String, Node> nodes = new LinkedHashMap<>();
    while (yaml.nextToken() != JsonToken.END_OBJECT) {
      String name = yaml.currentName();
      String path = key.isEmpty() ? name : key + "." + name;
      Location at = here();
      if (nodes.containsKey(name)) {
        throw at.invalid(path, "is given twice; keep one");
      }
      yaml.nextToken();
      nodes.put(name, value(path, at));
    }
    return new Node.Keys(nodes, location);
  }

  private Node items(String key, Location location) throws IOException {
    List<Node> nodes = new ArrayList<>();
    while (yaml.nextToken() != JsonToken.END_ARRAY) {
      nodes.add(value(key + "[" + nodes.size() + "]", here()));
    }
    return new Node.Items(nodes, location);
  }
}
