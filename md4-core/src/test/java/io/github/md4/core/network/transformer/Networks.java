// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import io.github.md4.core.Activation;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.List;

/** Small transformers of odd sizes that take every option each way. */
public final class Networks {
  static final TransformerConfig OUTSIDE_TIME =
      TransformerConfig.defaults().withHeads(3, 6).withLayers(3);
  static final TransformerConfig INSIDE_TIME_CLASSES =
      TransformerConfig.defaults()
          .withHeads(3, 10)
          .withKeyValueHeads(1)
          .withLayers(2)
          .withEmbedding(Embedding.INSIDE)
          .withCondition(TimeFeatures.T, 3)
          .withActivation(Activation.SWIGLU)
          .withConditioning(Conditioning.ADALN)
          .withDepthScaledInit(false);
  public static final TransformerConfig INSIDE_PLAIN =
      TransformerConfig.defaults()
          .withHeads(6, 4)
          .withKeyValueHeads(2)
          .withLayers(3)
          .withEmbedding(Embedding.INSIDE)
          .withCondition(TimeFeatures.NONE, 0)
          .withActivation(Activation.GEGLU);
  static final TransformerConfig OUTSIDE_CLASSES_CAUSAL =
      TransformerConfig.defaults()
          .withHeads(5, 6)
          .withLayers(1)
          .withCondition(TimeFeatures.NONE, 5)
          .withConditioning(Conditioning.ADALN)
          .withCausal(true);
  static final TransformerConfig OUTSIDE_PLAIN_CAUSAL =
      TransformerConfig.defaults()
          .withHeads(1, 10)
          .withLayers(2)
          .withCondition(TimeFeatures.NONE, 0)
          .withActivation(Activation.SWIGLU)
          .withDepthScaledInit(false)
          .withCausal(true);

  static final List<TransformerConfig> ALL =
      List.of(
          OUTSIDE_TIME,
          INSIDE_TIME_CLASSES,
          INSIDE_PLAIN,
          OUTSIDE_CLASSES_CAUSAL,
          OUTSIDE_PLAIN_CAUSAL);

  private Networks() {}

  /** The same network with other rates of dropout. */
  static TransformerConfig withDropout(TransformerConfig c, double channels, double attention) {
    return c.withDropout(channels, attention);
  }

  /** The same network with other sizes. */
  static TransformerConfig withShape(TransformerConfig c, int headWidth, int heads, int layers) {
    return c.withHeads(heads, headWidth).withLayers(layers);
  }
}
