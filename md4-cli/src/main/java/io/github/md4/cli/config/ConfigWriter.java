// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Collectors;

/** The writer of configs with all their values, which {@link ConfigLoader} reads. */
public final class ConfigWriter {
  private static final YAMLFactory YAML =
      YAMLFactory.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .disable(YAMLGenerator.Feature.SPLIT_LINES)
          .build();

  private ConfigWriter() {}

  /** Returns one value as YAML. */
  static String value(ConfigType type, Object value) {
    if (type instanceof ListType list) {
      return ((List<?>) value)
          .stream()
              .map(each -> value(list.element(), each))
              .collect(Collectors.joining(", ", "[", "]"));
    }
    StringWriter text = new StringWriter();
    try (YAMLGenerator yaml = YAML.createGenerator(text)) {
      type.write(value, yaml);
    } catch (IOException e) {
      throw new IllegalStateException("writing a string failed", e);
    }
    return text.toString().strip();
  }

  /** Returns {@code config} as YAML, with its version first and every default written out. */
  public static String write(Record config) {
    StringWriter text = new StringWriter();
    try (YAMLGenerator yaml = YAML.createGenerator(text)) {
      yaml.writeStartObject();
      yaml.writeNumberField(ConfigLoader.VERSION_KEY, ConfigLoader.VERSION);
      SectionType.of(config.getClass()).writeKeys(config, yaml);
      yaml.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing a string failed", e);
    }
    return text.toString();
  }
}
