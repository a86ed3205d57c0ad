// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.llama;

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
 * The shape of a bidirectional network of the Llama kind, as LLaDA, Dream and models converted from
 * Qwen2 are (Nie et al., 2025; docs/models.md): RMSNorm, gated feed-forwards (SwiGLU), rotary
 * positions, grouped queries.
 *
 * @param width D, the length of the residual stream's vectors, at least 1
 * @param heads the number of attention heads of the queries, at least 1
 * @param keyValueHeads the number of heads of keys and values, which divides {@code heads}
 * @param headWidth the length of a head's vectors, even
 * @param layers the number of blocks, in [1, 10000]
 * @param hiddenWidth the length of the feed-forward's inner vectors, at least 1
 * @param rotaryBase the base of the angles, above 1; 10000 or more in published models
 * @param epsilon the number added to the variance in each RMSNorm, above 0
 * @param isBiased whether queries, keys and values have biases
 * @param hasHeadNorms whether each head of queries and keys is normalised
 * @param isTied whether the head is the table of embeddings
 * @param isShifted whether a row speaks of the token after it
 * @param maskColumn the row of the table that stands for the mask, in [0, V); its logit is never
 *     that of a token
 */
public record LlamaConfig(
    int width,
    int heads,
    int keyValueHeads,
    int headWidth,
    int layers,
    int hiddenWidth,
    double rotaryBase,
    double epsilon,
    boolean isBiased,
    boolean hasHeadNorms,
    boolean isTied,
    boolean isShifted,
    int maskColumn)
    implements NetworkConfig {

  private static final int MOST_LAYERS = 10_000; // no network has more: a digit too many

  /**
   * Checks the components.
   *
   * @param width D, the length of the residual stream's vectors, at least 1
   * @param heads the number of attention heads of the queries, at least 1
   * @param keyValueHeads the number of heads of keys and values, which divides {@code heads}
   * @param headWidth the length of a head's vectors, even
   * @param layers the number of blocks, at least 1
   * @param hiddenWidth the length of the feed-forward's inner vectors, at least 1
   * @param rotaryBase the base of the angles, above 1; 10000 or more in published models
   * @param epsilon the number added to the variance in each RMSNorm, above 0
   * @param isBiased whether queries, keys and values have biases
   * @param hasHeadNorms whether each head of queries and keys is normalised
   * @param isTied whether the head is the table of embeddings
   * @param isShifted whether a row speaks of the token after it
   * @param maskColumn the row of the table that stands for the mask, in [0, V); its logit is never
   *     that of a token
   * @throws IllegalArgumentException if a number is out of its range
   */
  public LlamaConfig {
    require(width >= 1, "width must be at least 1", width);
    require(heads >= 1, "heads must be at least 1", heads);
    require(
        keyValueHeads >= 1 && heads % keyValueHeads == 0,
        "keyValueHeads must divide heads (" + heads + ")",
        keyValueHeads);
    require(
        headWidth >= 2 && headWidth % 2 == 0, "headWidth must be even and at least 2", headWidth);
    require(
        layers >= 1 && layers <= MOST_LAYERS, "layers must be in [1, " + MOST_LAYERS + "]", layers);
    require(hiddenWidth >= 1, "hiddenWidth must be at least 1", hiddenWidth);
    require(rotaryBase > 1, "rotaryBase must be above 1", rotaryBase);
    require(epsilon > 0, "epsilon must be positive", epsilon);
    require(maskColumn >= 0, "maskColumn must be at least 0", maskColumn);
  }

  @Override
  public TimeFeatures timeFeatures() {
    return TimeFeatures.NONE;
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("layers", layers);
    facts.put("width", width);
    facts.put("heads", heads);
    facts.put("keyValueHeads", keyValueHeads);
    facts.put("hiddenWidth", hiddenWidth);
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    return Arithmetic.ofSequences(specs, layers, heads * headWidth, length);
  }

  /**
   * {@return the network's parameters, in the order of files}
   *
   * @param vocabularySize V, the rows of the table, the mask's among them
   */
  public List<ParameterSpec> specs(int vocabularySize) {
    return LlamaSpecs.of(this, vocabularySize);
  }

  @Override
  public Network network(NDManager parent, int vocabularySize, Precision precision) {
    return new LlamaNetwork(parent, this, vocabularySize, precision);
  }

  /** The kind {@code llama}. */
  public record Kind() implements NetworkKind {
    @Override
    public String name() {
      return "llama";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return LlamaConfig.class;
    }
  }
}
