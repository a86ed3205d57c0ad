// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;

/** The type of a component of a config, which reads and writes its values. */
sealed interface ConfigType permits ScalarType, ListType, SectionType, ChoiceType {

  /**
   * Returns the value of {@code node}.
   *
   * @param fallback the default of the value, which gives the parts that {@code node} leaves out;
   *     null where there is none
   * @throws io.github.md4.core.InvalidConfigException if the node has another form
   */
  Object read(Node node, ConfigKey key, Object fallback);

  /** Writes {@code value}, so that {@link #read} returns an equal one. */
  void write(Object value, JsonGenerator yaml) throws IOException;

  /** Returns the value of a key that is absent where no record around it has a default. */
  Optional<Object> absent(ConfigKey key, Location section);

  /** Returns the sections that the value can be. */
  default List<SectionType> sections() {
    return List.of();
  }

  /**
   * Returns the config type of a Java type.
   *
   * @throws IllegalArgumentException if a config cannot hold it
   */
  static ConfigType of(Type type) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      return new ListType(of(list.getActualTypeArguments()[0]));
    }
    if (!(type instanceof Class<?> plain)) {
      throw new IllegalArgumentException("a config cannot hold a " + type.getTypeName());
    }
    Optional<ConfigType> scalar = ScalarType.of(plain).map(ConfigType.class::cast);
    return scalar
        .or(() -> Conventions.kinds(plain).map(ChoiceType::new))
        .orElseGet(() -> SectionType.of(plain));
  }
}
