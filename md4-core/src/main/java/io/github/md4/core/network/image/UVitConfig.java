// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Arithmetic;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.token.ImageShape;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The shape of the UViT: ResBlocks with adaptive norms around a transformer over patches (Hoogeboom
 * et al., 2023; spec, Section 5.6).
 *
 * @param image rows, columns and colours of an image; N is their product
 * @param width the width of embedded tokens and of the condition, a multiple of 32
 * @param multipliers factors of the width, each at least 1, at least one: the channels of each
 *     level; every further level has half the resolution
 * @param layers the ResBlocks of a level of the down path, in [1, 10000]; the up path has one more
 * @param middle the transformer at the lowest resolution
 * @param condition what the network is told beside the tokens
 * @param dropout the rate of single activations in each ResBlock, and of all dropout of the
 *     transformer, in [0, 1)
 */
public record UVitConfig(
    ImageShape image,
    int width,
    List<Integer> multipliers,
    int layers,
    DitShape middle,
    ConditionConfig condition,
    double dropout)
    implements ImageConfig {

  private static final Pattern LEVEL = Pattern.compile("(?:down|up)\\.(\\d+)\\..*");

  /**
   * Checks the components.
   *
   * @param image rows, columns and colours of an image; N is their product
   * @param width the width of embedded tokens and of the condition, a multiple of 32
   * @param multipliers factors of the width, each at least 1, at least one: the channels of each
   *     level; every further level has half the resolution
   * @param layers the ResBlocks of a level of the down path, in [1, 10000]; the up path has one
   *     more
   * @param middle the transformer at the lowest resolution
   * @param dropout the rate of single activations in each ResBlock, and of all dropout of the
   *     transformer, in [0, 1)
   * @param condition what the network is told beside the tokens
   * @throws IllegalArgumentException if a number is out of its range, or patch and levels do not
   *     divide the sides of the image
   */
  public UVitConfig {
    multipliers = List.copyOf(multipliers);
    ImageChecks.width(width);
    ImageChecks.layers(layers);
    ImageChecks.dropout(dropout);
    require(
        !multipliers.isEmpty() && multipliers.stream().allMatch(each -> each >= 1),
        "multipliers must be at least one number, each at least 1",
        multipliers);
    int divisor = Math.multiplyExact(middle.patch(), 1 << (multipliers.size() - 1));
    ImageChecks.divides(divisor, image);
  }

  /**
   * {@return the reference's ImageNet 64 x 64 network as published: 8 ResBlocks, 20 blocks in the
   * middle}
   */
  public static UVitConfig defaults() {
    return new UVitConfig(
        new ImageShape(64, 64, 3),
        256,
        List.of(1),
        8,
        DitShape.defaults(),
        ConditionConfig.defaults(),
        0.1);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = ImageFacts.of("uvit", this);
    facts.put("multipliers", multipliers.toString());
    facts.put("layers", layers);
    facts.putAll(middle.facts());
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    double lowest = pixelsAt(multipliers.size() - 1);
    return Arithmetic.ofImages(specs, image, this::uses, middle.attended(lowest));
  }

  /** Returns the number of pixels or patches that a parameter is applied to, by its name. */
  private double uses(ParameterSpec spec) {
    Matcher level = LEVEL.matcher(spec.name());
    if (!level.matches()) {
      boolean isMiddle = spec.name().startsWith("middle.");
      return isMiddle ? middle.tokens(pixelsAt(multipliers.size() - 1)) : image.pixels();
    }
    int at = Integer.parseInt(level.group(1));
    boolean isHalving = spec.name().contains(".halve.");
    boolean isDoubling = spec.name().contains(".double.");
    return pixelsAt(at + (isHalving ? 1 : 0) - (isDoubling ? 1 : 0));
  }

  private double pixelsAt(int level) {
    return image.pixels() / Math.pow(4, level);
  }

  /** Returns the channels of the widest level's map concatenated with its skip connection. */
  @Override
  public int widestMap() {
    return 2 * width * Collections.max(multipliers);
  }

  @Override
  public Network network(
      NDManager parent, int vocabularySize, Precision precision, MemoryFormat memoryFormat) {
    PixelNetwork.Definition definition =
        new PixelNetwork.Definition(this, vocabularySize, precision, memoryFormat);
    return new PixelNetwork(parent, definition, mode -> UNet.of(this, vocabularySize, mode));
  }

  /** The kind {@code uvit}. */
  public record Kind() implements NetworkKind {
    @Override
    public String name() {
      return "uvit";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return UVitConfig.class;
    }
  }
}
