// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reads a config file, and the changes of the command line, into a record. */
public final class ConfigLoader {
  static final String VERSION_KEY = "version";
  static final int VERSION = 1;

  private ConfigLoader() {}

  /**
   * Returns the config in {@code file}, defaults filled in as {@code package-info} says.
   *
   * @param overrides each {@code a.b=value}, the value in YAML; it replaces what the file says of
   *     that key, and the last of several wins
   * @throws InvalidConfigException in one line with file, line and key, if the file is absent, not
   *     YAML, of another version, has an unknown, doubled or missing key, a wrong type, or values
   *     that the record's constructor refuses
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
    return type.cast(section.read(given, new ConfigKey(section, ""), null));
  }

  private static String text(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new InvalidConfigException(file.toString(), "is a folder; a YAML file is expected");
    }
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new InvalidConfigException(file.toString(), "there is no such file");
    } catch (CharacterCodingException e) {
      throw new InvalidConfigException(file.toString(), "is not text in UTF-8");
    }
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

  private static void checkVersion(Node.Keys root) {
    Node version = root.nodes().get(VERSION_KEY);
    if (version == null) {
      throw root.location().invalid("", "does not say its version; add 'version: " + VERSION + "'");
    }
    if (!(version instanceof Node.Text text) || !text.text().equals(String.valueOf(VERSION))) {
      String reason = "this program reads " + VERSION + ", but it is " + version.description();
      throw version.location().invalid(VERSION_KEY, reason);
    }
  }
}
