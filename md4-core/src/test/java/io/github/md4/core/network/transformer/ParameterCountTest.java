// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The counts that the reference prints for its configurations (spec, Section 5.7). */
@Tag("exact")
final class ParameterCountTest {

  static List<Arguments> configurations() {
    return List.of(
        Arguments.of("text8", text8(TimeFeatures.T), 27, 88_734_272L),
        Arguments.of("text8 without time", text8(TimeFeatures.NONE), 27, 85_026_304L),
        Arguments.of("OWT small", owt(TimeFeatures.T, 12, 12), 50_257, 165_857_344L),
        Arguments.of(
            "OWT small without time", owt(TimeFeatures.NONE, 12, 12), 50_257, 162_149_376L),
        Arguments.of("OWT medium", owt(TimeFeatures.T, 24, 16), 50_257, 416_240_960L),
        Arguments.of("large", owt(TimeFeatures.T, 36, 20), 50_257, 856_093_248L));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("configurations")
  void parameters_areAsManyAsTheReferences(
      String name, TransformerConfig config, int vocabularySize, long expected) {
    assertThat(count(TransformerSpecs.of(config, vocabularySize))).as(name).isEqualTo(expected);
  }

  private static TransformerConfig text8(TimeFeatures time) {
    return config(Embedding.OUTSIDE, time, 12, 12);
  }

  private static TransformerConfig owt(TimeFeatures time, int layers, int heads) {
    return config(Embedding.INSIDE, time, layers, heads);
  }

  private static TransformerConfig config(
      Embedding embedding, TimeFeatures time, int layers, int heads) {
    return TransformerConfig.defaults()
        .withHeads(heads, 64)
        .withLayers(layers)
        .withEmbedding(embedding)
        .withCondition(time, 0);
  }

  @Test
  void defaults_areText8() {
    assertThat(count(TransformerSpecs.of(TransformerConfig.defaults(), 27))).isEqualTo(88_734_272);
  }

  @Test
  void block_hasItsClosedForm() {
    TransformerConfig config = TransformerConfig.defaults();
    List<ParameterSpec> block =
        TransformerSpecs.of(config, 27).stream()
            .filter(spec -> spec.name().startsWith("layers.3."))
            .toList();
    long width = config.width();
    assertThat(count(block))
        .isEqualTo(
            6 * width * (config.headWidth() + 1)
                + 4 * width * width
                + 3 * width * config.hiddenWidth());
  }

  @Test
  void hiddenWidth_isTheReferences() {
    assertThat(TransformerConfig.defaults().hiddenWidth()).isEqualTo(2048);
  }

  @Test
  void names_areDistinct() {
    for (TransformerConfig config : Networks.ALL) {
      List<ParameterSpec> specs = TransformerSpecs.of(config, 7);
      Set<String> names = new HashSet<>();
      specs.forEach(spec -> assertThat(names.add(spec.name())).as(spec.name()).isTrue());
    }
  }

  private static long count(List<ParameterSpec> specs) {
    return specs.stream().mapToLong(spec -> spec.shape().size()).sum();
  }
}
