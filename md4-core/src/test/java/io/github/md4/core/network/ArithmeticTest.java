// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.network.llama.LlamaConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.network.transformer.TransformerSpecs;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The multiplications of networks over sequences, matrix by matrix. D is the width, F the hidden
 * width, V the vocabulary, L the layers, N the length, c the width of the condition.
 */
@Tag("exact")
final class ArithmeticTest {
  private static final int VOCABULARY = 11;
  private static final int LENGTH = 7;
  private static final int LAYERS = 3;

  @Test
  void ddit_halvesTheLastFeedForwardAndTheHeadAndDividesTheCondition() {
    DditConfig config = new DditConfig(12, 2, LAYERS, 5, TimeFeatures.T, 0);
    int width = 12;
    double feedForward = 2 * 4 * width * width; // F = 4 D
    double head = (VOCABULARY + 1) * width;
    double blocks = LAYERS * (4 * width * width + feedForward);
    double condition = 5 * 256 + 5 * 5 + (6 * LAYERS + 2) * width * 5;
    Arithmetic found = config.arithmetic(config.specs(VOCABULARY), LENGTH);
    assertThat(found.dense()).isEqualTo(blocks + head + condition);
    assertThat(found.needed())
        .isCloseTo(blocks + head - (feedForward + head) / 2 + condition / LENGTH, within(1e-9));
    assertThat(found.attended()).isEqualTo(2 * LAYERS * width * LENGTH);
  }

  @Test
  void llama_halvesTheLastFeedForwardAndTheHead() {
    LlamaConfig config =
        new LlamaConfig(
            10, 4, 2, 6, LAYERS, 13, 1e4, 1e-5, true, true, false, true, VOCABULARY - 1);
    double feedForward = 3 * 13 * 10;
    double head = VOCABULARY * 10;
    double blocks = LAYERS * ((2 * 4 + 2 * 2) * 6 * 10 + feedForward); // queries, out; keys, values
    Arithmetic found = config.arithmetic(config.specs(VOCABULARY), LENGTH);
    assertThat(found.dense()).isEqualTo(blocks + head);
    assertThat(found.needed()).isEqualTo(blocks + head - (feedForward + head) / 2);
    assertThat(found.attended()).isEqualTo(2 * LAYERS * 4 * 6 * LENGTH);
  }

  /** Others count vectors, too, and the condition as often as all else; but not the table. */
  @Test
  void transformer_isCountedAsOthersDoAndAsItIsNeeded() {
    TransformerConfig config =
        TransformerConfig.defaults()
            .withLayers(LAYERS)
            .withEmbedding(TransformerConfig.Embedding.INSIDE);
    List<ParameterSpec> specs = TransformerSpecs.of(config, VOCABULARY);
    double width = config.width();
    double ofHead = config.headWidth();
    double feedForward = 3 * config.hiddenWidth() * width;
    double head = VOCABULARY * width;
    double qkv = (config.heads() + 2.0 * config.keyValueHeads()) * ofHead * width;
    double blocks = LAYERS * (qkv + width * width + feedForward);
    double condition = 8 * ofHead * ofHead + (6 * LAYERS + 2) * width * ofHead;
    double vectors = 5 * ofHead + (6 * LAYERS + 2) * width;
    Arithmetic found = config.arithmetic(specs, LENGTH);
    assertThat(found.dense()).isEqualTo(blocks + head + condition + vectors);
    assertThat(found.needed())
        .isCloseTo(blocks + head - (feedForward + head) / 2 + condition / LENGTH, within(1e-6));
    assertThat(found.attended()).isEqualTo(2 * LAYERS * width * LENGTH);
  }
}
