// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static io.github.md4.core.Checks.require;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The size of a transformer over patches of an image (spec, Section 5.6).
 *
 * @param width D, the width of its stream, a multiple of four and of {@code heads}
 * @param heads the number of attention heads, at least 1
 * @param layers the number of blocks, in [1, 10000]
 * @param patch the pixels of a patch's side, at least 1
 */
public record DitShape(int width, int heads, int layers, int patch) {
  private static final int EXPANSION = 4;
  private static final int WIDEST = 1 << 20;

  /**
   * Checks the components.
   *
   * @param width D, the width of its stream, a multiple of four and of {@code heads}
   * @param heads the number of attention heads, at least 1
   * @param layers the number of blocks, in [1, 10000]
   * @param patch the pixels of a patch's side, at least 1
   * @throws IllegalArgumentException if a number is out of its range
   */
  public DitShape {
    require(heads >= 1, "heads must be at least 1", heads);
    require(
        width >= 4 && width <= WIDEST && width % 4 == 0 && width % heads == 0,
        "width must be a multiple of 4 and of heads (" + heads + ")",
        width);
    ImageChecks.layers(layers);
    require(patch >= 1, "patch must be at least 1", patch);
  }

  /** {@return the shape in the reference's ImageNet 64 x 64 network as published} */
  public static DitShape defaults() {
    return new DitShape(768, 12, 20, 2);
  }

  /** {@return F, the hidden width of the feed-forward, 4 D} */
  public int hiddenWidth() {
    return EXPANSION * width;
  }

  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("ditWidth", width);
    facts.put("ditHeads", heads);
    facts.put("ditLayers", layers);
    facts.put("patch", patch);
    return facts;
  }

  /** Returns T. */
  double tokens(double pixels) {
    return pixels / (patch * patch);
  }

  /**
   * Returns the multiplications of queries by keys and of attention probabilities by values in all
   * layers.
   */
  double attended(double pixels) {
    return 2.0 * layers * width * tokens(pixels) * tokens(pixels);
  }
}
