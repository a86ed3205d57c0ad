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
      new TransformerConfig(
          6,
          3,
          3,
          3,
          Embedding.OUTSIDE,
          TimeFeatures.T,
          0,
          Activation.GLU,
          Conditioning.ADALN_ZERO,
          true,
          0,
          0,
          false);
  static final TransformerConfig INSIDE_TIME_CLASSES =
      new TransformerConfig(
          10,
          3,
          1,
          2,
          Embedding.INSIDE,
          TimeFeatures.T,
          3,
          Activation.SWIGLU,
          Conditioning.ADALN,
          false,
          0,
          0,
          false);
  public static final TransformerConfig INSIDE_PLAIN =
      new TransformerConfig(
          4,
          6,
          2,
          3,
          Embedding.INSIDE,
          TimeFeatures.NONE,
          0,
          Activation.GEGLU,
          Conditioning.ADALN_ZERO,
          true,
          0,
          0,
          false);
  static final TransformerConfig OUTSIDE_CLASSES_CAUSAL =
      new TransformerConfig(
          6,
          5,
          5,
          1,
          Embedding.OUTSIDE,
          TimeFeatures.NONE,
          5,
          Activation.GLU,
          Conditioning.ADALN,
          true,
          0,
          0,
          true);
  static final TransformerConfig OUTSIDE_PLAIN_CAUSAL =
      new TransformerConfig(
          10,
          1,
          1,
          2,
          Embedding.OUTSIDE,
          TimeFeatures.NONE,
          0,
          Activation.SWIGLU,
          Conditioning.ADALN_ZERO,
          false,
          0,
          0,
          true);

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
    return new TransformerConfig(
        c.headWidth(),
        c.heads(),
        c.keyValueHeads(),
        c.layers(),
        c.embedding(),
        c.timeFeatures(),
        c.classes(),
        c.activation(),
        c.conditioning(),
        c.depthScaledInit(),
        channels,
        attention,
        c.causal());
  }

  /** The same network with other sizes. */
  static TransformerConfig withShape(TransformerConfig c, int headWidth, int heads, int layers) {
    return new TransformerConfig(
        headWidth,
        heads,
        heads,
        layers,
        c.embedding(),
        c.timeFeatures(),
        c.classes(),
        c.activation(),
        c.conditioning(),
        c.depthScaledInit(),
        c.dropout(),
        c.attentionDropout(),
        c.causal());
  }
}
