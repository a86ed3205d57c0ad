// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.gpt2;

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
 * The shape of a GPT-2 (Radford et al., 2019): causal, with learned positions, and its table of
 * tokens as its head. It has no input of the time.
 *
 * @param layers the number of blocks, at least 1
 * @param heads the number of attention heads; they divide the width
 * @param width D, the length of the residual stream's vectors, divisible by the heads
 * @param positions the number of positions that have an embedding, the longest sequence
 * @param epsilon the number added to the variance in each LayerNorm, in (0, 1)
 * @param start the token that stands for the mask before a sequence: the end of text
 */
public record GptConfig(int layers, int heads, int width, int positions, double epsilon, int start)
    implements NetworkConfig {
  private static final int BLOCK_MATRICES = 12;

  /**
   * Checks the components.
   *
   * @param layers the number of blocks, at least 1
   * @param heads the number of attention heads; they divide the width
   * @param width D, the length of the residual stream's vectors, divisible by the heads
   * @param positions the number of positions that have an embedding, the longest sequence
   * @param epsilon the number added to the variance in each LayerNorm, in (0, 1)
   * @param start the token that stands for the mask before a sequence: the end of text
   * @throws IllegalArgumentException if a number is out of its range
   */
  public GptConfig {
    require(layers >= 1, "layers must be at least 1", layers);
    require(heads >= 1 && width >= 1, "heads and width must be at least 1", heads);
    require(width % heads == 0, "heads must divide width", width);
    require(positions >= 1, "positions must be at least 1", positions);
    require(epsilon > 0 && epsilon < 1, "epsilon must be in (0, 1)", epsilon);
    require(start >= 0, "start must be at least 0", start);
  }

  /** {@return the smallest of the published ones: 12 layers of width 768, 1,024 positions} */
  public static GptConfig defaults() {
    return new GptConfig(12, 12, 768, 1024, 1e-5, 50_256);
  }

  @Override
  public TimeFeatures timeFeatures() {
    return TimeFeatures.NONE;
  }

  @Override
  public boolean causal() {
    return true;
  }

  @Override
  public void checkLength(int length) {
    require(length <= positions, "length must be at most network.positions, " + positions, length);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", Kind.NAME);
    facts.put("layers", layers);
    facts.put("heads", heads);
    facts.put("width", width);
    facts.put("positions", positions);
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    double blocks = (double) BLOCK_MATRICES * layers * width * width;
    double head = specs.get(0).shape().size();
    return new Arithmetic(blocks + head, blocks + head, (double) layers * width * length);
  }

  /**
   * @throws IllegalArgumentException if {@link #start} is no token
   */
  @Override
  public Network network(NDManager parent, int vocabularySize, Precision precision) {
    require(start < vocabularySize, "start must be below " + vocabularySize, start);
    return new GptNetwork(parent, this, vocabularySize, precision);
  }

  /**
   * {@return the parameters, under their published names, in the order of files}
   *
   * @param vocabularySize V, the number of tokens without the mask
   */
  public List<ParameterSpec> specs(int vocabularySize) {
    return GptNetwork.specs(this, vocabularySize);
  }

  /** The kind {@code gpt2}. */
  public record Kind() implements NetworkKind {
    private static final String NAME = "gpt2";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return GptConfig.class;
    }
  }
}
