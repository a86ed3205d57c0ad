// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Arithmetic;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.token.ImageShape;
import java.util.List;
import java.util.Map;

/**
 * The shape of a transformer over patches (DiT; Peebles and Xie, 2023; spec, Section 5.6): the
 * UViT's mid block between embedded tokens and logits.
 *
 * @param image rows, columns and colours of an image; N is their product
 * @param width the width of embedded tokens and of the condition, at least 4
 * @param blocks widths, heads and layers of the transformer
 * @param condition what the network is told beside the tokens
 * @param dropout the rate of all its dropout, in [0, 1)
 */
public record DitConfig(
    ImageShape image, int width, DitShape blocks, ConditionConfig condition, double dropout)
    implements ImageConfig {

  /**
   * Checks the components.
   *
   * @param image rows, columns and colours of an image; N is their product
   * @param width the width of embedded tokens and of the condition, at least 4
   * @param blocks widths, heads and layers of the transformer
   * @param dropout the rate of all its dropout, in [0, 1)
   * @param condition what the network is told beside the tokens
   * @throws IllegalArgumentException if a number is out of its range, or the side of a patch does
   *     not divide those of the image
   */
  public DitConfig {
    ImageChecks.embedding(width);
    ImageChecks.dropout(dropout);
    ImageChecks.divides(blocks.patch(), image);
  }

  /** {@return a transformer of the size of the reference's mid block, over 32 x 32 images} */
  public static DitConfig defaults() {
    return new DitConfig(
        new ImageShape(32, 32, 3), 128, DitShape.defaults(), ConditionConfig.defaults(), 0.1);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = ImageFacts.of("dit", this);
    facts.putAll(blocks.facts());
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    double pixels = image.pixels();
    return Arithmetic.ofImages(
        specs, image, spec -> blocks.tokens(pixels), blocks.attended(pixels));
  }

  @Override
  public int widestMap() {
    return 0;
  }

  @Override
  public Network network(
      NDManager parent, int vocabularySize, Precision precision, MemoryFormat memoryFormat) {
    PixelNetwork.Definition definition =
        new PixelNetwork.Definition(this, vocabularySize, precision, memoryFormat);
    return new PixelNetwork(parent, definition, mode -> DitBackbone.of(this, vocabularySize, mode));
  }

  /** The kind {@code dit}. */
  public record Kind() implements NetworkKind {
    @Override
    public String name() {
      return "dit";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return DitConfig.class;
    }
  }
}
