// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
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
 * The shape of the text transformer for Gaussian diffusion: its input is a noisy vector at each
 * position, and its guess of the clean token is that of the blocks and that of the vector itself
 * (Plaid; Gulrajani and Hashimoto, 2023).
 *
 * @param vectorWidth D, the coordinates of an embedding, at least 1
 * @param selfConditioning the share of the examples of training, in [0, 1], that are shown the
 *     guess of a first pass; where it is above 0, a trained network always makes two passes
 * @param headWidth the width of a head, of the time features and of the condition; even, at least 4
 * @param heads the number of attention heads, at least 1; times {@code headWidth} it is the
 *     network's width
 * @param keyValueHeads the number of heads of keys and values, which divides {@code heads}; fewer
 *     is grouped-query attention
 * @param layers the number of blocks, at least 1
 * @param activation the activation of the feed-forward's gate, and of the condition before every
 *     adaLN product
 * @param conditioning the initial values of the adaLN products
 * @param depthScaledInit whether the feed-forward's initial variance is divided by layers / 2
 * @param dropout the rate, in [0, 1), of the channels of each branch, one draw for all positions
 * @param attentionDropout the rate, in [0, 1), of the attention probabilities
 */
public record GaussianTransformerConfig(
    int vectorWidth,
    double selfConditioning,
    int headWidth,
    int heads,
    int keyValueHeads,
    int layers,
    Activation activation,
    TransformerConfig.Conditioning conditioning,
    boolean depthScaledInit,
    double dropout,
    double attentionDropout)
    implements NetworkConfig {

  /**
   * Checks all.
   *
   * @param vectorWidth D, the coordinates of an embedding, at least 1
   * @param selfConditioning the share of the examples of training, in [0, 1], that are shown the
   *     guess of a first pass; where it is above 0, a trained network always makes two passes
   * @param headWidth the width of a head, of the time features and of the condition; even, at least
   *     4
   * @param heads the number of attention heads, at least 1; times {@code headWidth} it is the
   *     network's width
   * @param keyValueHeads the number of heads of keys and values, which divides {@code heads}; fewer
   *     is grouped-query attention
   * @param layers the number of blocks, at least 1
   * @param activation the activation of the feed-forward's gate, and of the condition before every
   *     adaLN product
   * @param conditioning the initial values of the adaLN products
   * @param depthScaledInit whether the feed-forward's initial variance is divided by layers / 2
   * @param dropout the rate, in [0, 1), of the channels of each branch, one draw for all positions
   * @param attentionDropout the rate, in [0, 1), of the attention probabilities
   * @throws IllegalArgumentException if a number is out of its range
   */
  public GaussianTransformerConfig {
    require(vectorWidth >= 1, "vectorWidth must be at least 1", vectorWidth);
    require(
        selfConditioning >= 0 && selfConditioning <= 1,
        "selfConditioning must be in [0, 1]",
        selfConditioning);
    TransformerConfig unused =
        blocks(
            headWidth,
            heads,
            keyValueHeads,
            layers,
            activation,
            conditioning,
            depthScaledInit,
            dropout,
            attentionDropout);
  }

  /** {@return the keys of a config that, left out, have the value of another} */
  public static Map<String, String> derived() {
    return TransformerConfig.derived();
  }

  /** {@return the paper's text8 network with Plaid's 16 coordinates and a quarter conditioned} */
  public static GaussianTransformerConfig defaults() {
    TransformerConfig of = TransformerConfig.defaults();
    return new GaussianTransformerConfig(
        16,
        0.25,
        of.headWidth(),
        of.heads(),
        of.keyValueHeads(),
        of.layers(),
        of.activation(),
        of.conditioning(),
        of.depthScaledInit(),
        of.dropout(),
        of.attentionDropout());
  }

  private static TransformerConfig blocks(
      int headWidth,
      int heads,
      int keyValueHeads,
      int layers,
      Activation activation,
      TransformerConfig.Conditioning conditioning,
      boolean depthScaledInit,
      double dropout,
      double attentionDropout) {
    return new TransformerConfig(
        headWidth,
        heads,
        keyValueHeads,
        layers,
        TransformerConfig.Embedding.OUTSIDE,
        TimeFeatures.T,
        0,
        activation,
        conditioning,
        depthScaledInit,
        dropout,
        attentionDropout,
        false);
  }

  /** Returns the blocks and the head. */
  TransformerConfig blocks() {
    return blocks(
        headWidth,
        heads,
        keyValueHeads,
        layers,
        activation,
        conditioning,
        depthScaledInit,
        dropout,
        attentionDropout);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", Kind.NAME);
    facts.put("vectorWidth", vectorWidth);
    facts.put("selfConditioning", selfConditioning);
    facts.putAll(blocks().facts());
    facts.put("kind", Kind.NAME);
    return facts;
  }

  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    return blocks().arithmetic(specs, length);
  }

  @Override
  public Network network(NDManager parent, int vocabularySize, Precision precision) {
    return new GaussianTransformer(parent, this, vocabularySize, precision);
  }

  /** The kind {@code gaussian-transformer}. */
  public record Kind() implements NetworkKind {
    private static final String NAME = "gaussian-transformer";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return GaussianTransformerConfig.class;
    }
  }
}
