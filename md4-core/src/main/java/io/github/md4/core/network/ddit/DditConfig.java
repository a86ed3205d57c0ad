// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Arithmetic;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.TimeFeatures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a network of the DDiT kind (SEDD, Lou et al., 2024; MDLM, Sahoo et al., 2024;
 * docs/models.md): adaLN on LayerNorms with weights, GELU feed-forwards with biases, rotary
 * positions.
 *
 * @param width D, the length of the residual stream's vectors, at least 1
 * @param heads the number of attention heads; twice it divides {@code width}
 * @param layers the number of blocks, in [1, 10000]
 * @param conditionWidth the width of the condition, or 0 where nothing modulates LayerNorm, which
 *     then has a bias (RADD)
 * @param timeFeatures whether the network is told the noise of the time; where it is not, but has a
 *     condition, it is told none (MDLM, BD3-LM)
 * @param blockSize the positions that are unmasked together, left to right (BD3-LM), or 0 where all
 *     see each other
 */
public record DditConfig(
    int width, int heads, int layers, int conditionWidth, TimeFeatures timeFeatures, int blockSize)
    implements NetworkConfig {

  /** The factor between the widths of the feed-forward and of the stream. */
  static final int HIDDEN_FACTOR = 4;

  private static final int MOST_LAYERS = 10_000; // no network has more: a digit too many

  /**
   * Checks the components.
   *
   * @param width D, the length of the residual stream's vectors, at least 1
   * @param heads the number of attention heads; twice it divides {@code width}
   * @param layers the number of blocks, in [1, 10000]
   * @param conditionWidth the width of the condition, or 0 where nothing modulates LayerNorm, which
   *     then has a bias (RADD)
   * @param timeFeatures whether the network is told the noise of the time; where it is not, but has
   *     a condition, it is told none (MDLM, BD3-LM)
   * @param blockSize the positions that are unmasked together, left to right (BD3-LM), or 0 where
   *     all see each other
   * @throws IllegalArgumentException if a number is out of its range, or {@code timeFeatures} are
   *     of t and {@code conditionWidth} is 0
   */
  public DditConfig {
    require(width >= 1, "width must be at least 1", width);
    require(
        heads >= 1 && width % (2 * heads) == 0,
        "2 times heads must divide width (" + width + ")",
        heads);
    require(
        layers >= 1 && layers <= MOST_LAYERS, "layers must be in [1, " + MOST_LAYERS + "]", layers);
    require(conditionWidth >= 0, "conditionWidth must be at least 0", conditionWidth);
    require(blockSize >= 0, "blockSize must be at least 0", blockSize);
    if (timeFeatures == TimeFeatures.T && conditionWidth == 0) {
      throw new IllegalArgumentException("timeFeatures t need a conditionWidth above 0");
    }
  }

  /**
   * Accepts any length, of whole blocks where there are blocks.
   *
   * @throws IllegalArgumentException if there are blocks, and no whole number of them
   */
  @Override
  public void checkLength(int length) {
    require(
        blockSize == 0 || length % blockSize == 0,
        "the length must be a multiple of blockSize (" + blockSize + ")",
        length);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("layers", layers);
    facts.put("width", width);
    facts.put("heads", heads);
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    return Arithmetic.ofSequences(specs, layers, width, length);
  }

  /**
   * {@return the network's parameters}
   *
   * @param vocabularySize V; the mask is one more
   */
  public List<ParameterSpec> specs(int vocabularySize) {
    return DditSpecs.of(this, vocabularySize);
  }

  @Override
  public Network network(NDManager parent, int vocabularySize, Precision precision) {
    return new DditNetwork(parent, this, vocabularySize, precision);
  }

  /** Returns whether a condition modulates every LayerNorm. */
  boolean isAdaptive() {
    return conditionWidth > 0;
  }

  int headWidth() {
    return width / heads;
  }

  /** The kind {@code ddit}. */
  public record Kind() implements NetworkKind {
    @Override
    public String name() {
      return "ddit";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return DditConfig.class;
    }
  }
}
