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
 * The shape of the pixel UNet, which keeps the image's resolution throughout (spec, Section 5.5).
 *
 * @param image rows, columns and colours of an image; N is their product
 * @param width the channels of every map, and the width of embedded tokens and of the condition, a
 *     multiple of 32
 * @param layers the ResBlocks of the down path, in [1, 10000]; the up path has one more
 * @param condition what the network is told beside the tokens
 * @param dropout the rate of single activations in each ResBlock, in [0, 1)
 */
public record UNetConfig(
    ImageShape image, int width, int layers, ConditionConfig condition, double dropout)
    implements ImageConfig {

  /**
   * Checks the components.
   *
   * @param image rows, columns and colours of an image; N is their product
   * @param width the channels of every map, and the width of embedded tokens and of the condition,
   *     a multiple of 32
   * @param layers the ResBlocks of the down path, in [1, 10000]; the up path has one more
   * @param dropout the rate of single activations in each ResBlock, in [0, 1)
   * @param condition what the network is told beside the tokens
   * @throws IllegalArgumentException if a number is out of its range
   */
  public UNetConfig {
    ImageChecks.width(width);
    ImageChecks.layers(layers);
    ImageChecks.dropout(dropout);
  }

  /** {@return the paper's CIFAR-10 network} */
  public static UNetConfig defaults() {
    return new UNetConfig(new ImageShape(32, 32, 3), 128, 32, ConditionConfig.defaults(), 0.1);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = ImageFacts.of("unet", this);
    facts.put("layers", layers);
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    double pixels = image.pixels();
    return Arithmetic.ofImages(specs, image, spec -> pixels, 2 * width * pixels * pixels);
  }

  /** Returns the channels of a map concatenated with its skip connection. */
  @Override
  public int widestMap() {
    return 2 * width;
  }

  @Override
  public Network network(
      NDManager parent, int vocabularySize, Precision precision, MemoryFormat memoryFormat) {
    PixelNetwork.Definition definition =
        new PixelNetwork.Definition(this, vocabularySize, precision, memoryFormat);
    return new PixelNetwork(parent, definition, mode -> UNet.of(this, vocabularySize, mode));
  }

  /** The kind {@code unet}. */
  public record Kind() implements NetworkKind {
    @Override
    public String name() {
      return "unet";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return UNetConfig.class;
    }
  }
}
