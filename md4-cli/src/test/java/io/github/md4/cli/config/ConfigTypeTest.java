// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Type;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfigTypeTest {

  /** A config that nothing can read. */
  private record Unreadable(Map<String, Integer> counts, Thread thread) {}

  @Test
  void of_refusesATypeWithoutAConvention() {
    Type counts = Unreadable.class.getRecordComponents()[0].getGenericType();
    assertThatThrownBy(() -> ConfigType.of(counts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a config cannot hold a java.util.Map<java.lang.String, java.lang.Integer>");
    Type thread = Unreadable.class.getRecordComponents()[1].getGenericType();
    assertThatThrownBy(() -> ConfigType.of(thread))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a config cannot hold a java.lang.Thread: no record, no parse(String)");
  }
}
