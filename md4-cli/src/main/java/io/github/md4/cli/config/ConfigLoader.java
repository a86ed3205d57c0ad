// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.NearestPath;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The reader of config files with overrides from the command line. */
public final class ConfigLoader {
  static final String VERSION_KEY = "version";
  static final int VERSION = 1;

  private ConfigLoader() {}

  /**
   * Returns the config in {@code file}, with defaults as {@code package-info} describes them.
   *
   * @param overrides texts {@code a.b=value} with values in YAML; each replaces the value of the
   *     file, and the last of several counts
   * @throws InvalidConfigException if the file is missing, not YAML or of another version; if a key
   *     is unknown, doubled or missing; or if a value has a wrong type or is refused by a record's
   *     constructor. The message is one line with file, line and key
   */
  public static <T extends Record> T load(Path file, List<String> overrides, Class<T> type)
      throws IOException {
    Location start = new Location.FileLine(file, 1);
    Node.Keys root = keys(YamlReader.read(text(file), start, ""));
    for (String override : overrides) {
      root = with(root, override);
    }
    checkVersion(root);
    SectionType section = SectionType.of(type);
    Node given = root.without(VERSION_KEY);
    List<InvalidConfigException> errors = new ArrayList<>();
    noVersion(root).ifPresent(errors::add);
    Object config = null;
    try {
      config = section.read(given, new ConfigKey(section, ""), null);
    } catch (SectionErrors e) {
      errors.addAll(e.errors());
    }
    if (!errors.isEmpty()) {
      throw inOne(errors);
    }
    return type.cast(config);
  }

  /** Returns the first error, with the others suppressed in it. */
  private static InvalidConfigException inOne(List<InvalidConfigException> errors) {
    InvalidConfigException first = errors.get(0);
    errors.subList(1, errors.size()).forEach(first::addSuppressed);
    return first;
  }

  private static String text(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new InvalidConfigException(
          file.toString(), "is a folder; it must be a YAML file" + inside(file));
    }
    try {
      new UntrustedFile(file).checkIsReadable();
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new InvalidConfigException(
          file.toString(), "there is no such file" + NearestPath.hint(file));
    } catch (CharacterCodingException e) {
      throw new InvalidConfigException(file.toString(), "is not text in UTF-8");
    }
  }

  /** Returns what to take in the place of the folder of a run or of a data set. */
  private static String inside(Path folder) {
    Path ofRun = folder.resolve("config.yaml");
    if (Files.exists(ofRun)) {
      return "; did you mean " + ofRun + "?";
    }
    return Files.exists(folder.resolve("train.bin"))
        ? "; md4 config init %s makes one for these data".formatted(folder)
        : "";
  }

  private static Node.Keys keys(Node node) {
    if (node instanceof Node.Keys keys) {
      return keys;
    }
    if (node instanceof Node.Empty) {
      return new Node.Keys(Map.of(), node.location());
    }
    throw node.location().invalid("", "must hold keys with values, but is " + node.description());
  }

  private static Node.Keys with(Node.Keys root, String override) {
    Location location = new Location.SetOption();
    int equals = override.indexOf('=');
    String key = equals < 0 ? override : override.substring(0, equals).strip();
    if (equals < 0 || key.isEmpty()) {
      throw location.invalid(key, "must be of the form key=value");
    }
    Node value = YamlReader.read(override.substring(equals + 1), location, key);
    return root.with(List.of(key.split("\\.", -1)), value);
  }

  /**
   * Returns the text of a key of a config file with overrides; empty where it is absent or no
   * single value.
   */
  public static Optional<String> text(Path file, List<String> overrides, String key)
      throws IOException {
    return node(file, overrides, key) instanceof Node.Text text
        ? Optional.of(text.text())
        : Optional.empty();
  }

  /**
   * Returns the texts of a list, or of a single value, of a config file with overrides; empty where
   * the key is absent.
   */
  public static List<String> texts(Path file, List<String> overrides, String key)
      throws IOException {
    Node node = node(file, overrides, key);
    Stream<Node> nodes = node instanceof Node.Items items ? items.nodes().stream() : Stream.of();
    return (node instanceof Node.Text ? Stream.of(node) : nodes)
        .filter(Node.Text.class::isInstance)
        .map(each -> ((Node.Text) each).text())
        .toList();
  }

  /** Returns the value of a key; null where it is absent. */
  private static Node node(Path file, List<String> overrides, String key) throws IOException {
    Node node = keys(YamlReader.read(text(file), new Location.FileLine(file, 1), ""));
    for (String override : overrides) {
      node = with((Node.Keys) node, override);
    }
    for (String name : path(key)) {
      node = node instanceof Node.Keys keys ? keys.nodes().get(name) : null;
    }
    return node;
  }

  private static List<String> path(String override) {
    return List.of(override.split("=", 2)[0].strip().split("\\.", -1));
  }

  /** Returns the error of a config that names no version. */
  private static Optional<InvalidConfigException> noVersion(Node.Keys root) {
    return root.nodes().containsKey(VERSION_KEY)
        ? Optional.empty()
        : Optional.of(
            root.location().invalid("", "has no version; add 'version: " + VERSION + "'"));
  }

  /** Refuses another version at once, since its keys may be others. */
  private static void checkVersion(Node.Keys root) {
    Node version = root.nodes().get(VERSION_KEY);
    boolean isRead =
        version instanceof Node.Text text && text.text().equals(String.valueOf(VERSION));
    if (version != null && !isRead) {
      String reason = "this program reads " + VERSION + ", but it is " + version.description();
      throw version.location().invalid(VERSION_KEY, reason);
    }
  }
}
