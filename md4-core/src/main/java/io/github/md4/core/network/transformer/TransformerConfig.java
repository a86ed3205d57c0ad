// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Choices;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Arithmetic;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.TimeFeatures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The shape of the text transformer (spec, Sections 5.1 to 5.4); its width is {@code headWidth *
 * heads}.
 *
 * @param headWidth the width of a head, of the time features and of the condition; even, at least 4
 * @param heads the number of attention heads of the queries, at least 1; times {@code headWidth} it
 *     is the network's width
 * @param keyValueHeads the number of heads of keys and values, which divides {@code heads}; fewer
 *     is grouped-query attention
 * @param layers the number of blocks, in [1, 10000]
 * @param embedding the place where tokens get the network's width
 * @param timeFeatures whether the time is an input
 * @param classes the number of classes, at least 0; 0 for none
 * @param activation the activation of the feed-forward's gate, and of the condition before every
 *     adaLN product
 * @param conditioning the initial values of the adaLN products
 * @param depthScaledInit whether the feed-forward's initial variance is divided by layers / 2
 * @param dropout the rate, in [0, 1), of the channels of each branch, one draw for all positions,
 *     and of the embedded tokens where the embedding is inside
 * @param attentionDropout the rate, in [0, 1), of the attention probabilities
 * @param causal whether a position sees only those up to itself
 */
public record TransformerConfig(
    int headWidth,
    int heads,
    int keyValueHeads,
    int layers,
    Embedding embedding,
    TimeFeatures timeFeatures,
    int classes,
    Activation activation,
    Conditioning conditioning,
    boolean depthScaledInit,
    double dropout,
    double attentionDropout,
    boolean causal)
    implements NetworkConfig {

  /** The place where tokens get the network's width. */
  public enum Embedding {
    /** A table as wide as a head, then a product with bias. */
    OUTSIDE,
    /** A table of the full width. */
    INSIDE;

    /**
     * {@return the choice written as {@code outside} or {@code inside}}
     *
     * @param text the text, as configs hold it
     * @throws IllegalArgumentException for any other text
     */
    public static Embedding parse(String text) {
      return Choices.parse(values(), "embedding", text);
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  /** The initial values of the products that modulate LayerNorm. */
  public enum Conditioning {
    /** Values like those of every other product. */
    ADALN {
      @Override
      Initializer initializer(long fanIn) {
        return new Initializer.LeCunNormal(fanIn, 1);
      }
    },
    /** Zeros, so that every block starts as the identity. */
    ADALN_ZERO {
      @Override
      Initializer initializer(long fanIn) {
        return new Initializer.Zeros();
      }
    };

    abstract Initializer initializer(long fanIn);

    /**
     * {@return the choice written as {@code adaln} or {@code adaln_zero}}
     *
     * @param text the text, as configs hold it
     * @throws IllegalArgumentException for any other text
     */
    public static Conditioning parse(String text) {
      return Choices.parse(values(), "conditioning", text);
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  private static final int MOST_LAYERS = 10_000; // no network has more: a digit too many
  private static final int WIDEST = 1 << 20;

  /**
   * Checks the components.
   *
   * @param headWidth the width of a head, of the time features and of the condition; even, at least
   *     4
   * @param heads the number of attention heads of the queries, at least 1; times {@code headWidth}
   *     it is the network's width
   * @param keyValueHeads the number of heads of keys and values, which divides {@code heads}; fewer
   *     is grouped-query attention
   * @param layers the number of blocks, in [1, 10000]
   * @param embedding the place where tokens get the network's width
   * @param timeFeatures whether the time is an input
   * @param classes the number of classes, at least 0; 0 for none
   * @param activation the activation of the feed-forward's gate, and of the condition before every
   *     adaLN product
   * @param conditioning the initial values of the adaLN products
   * @param depthScaledInit whether the feed-forward's initial variance is divided by layers / 2
   * @param dropout the rate, in [0, 1), of the channels of each branch, one draw for all positions,
   *     and of the embedded tokens where the embedding is inside
   * @param attentionDropout the rate, in [0, 1), of the attention probabilities
   * @param causal whether a position sees only those up to itself
   * @throws IllegalArgumentException if a number is out of its range
   */
  public TransformerConfig {
    require(
        headWidth >= 4 && headWidth % 2 == 0, "headWidth must be even and at least 4", headWidth);
    require(heads >= 1, "heads must be at least 1", heads);
    require(
        keyValueHeads >= 1 && heads % keyValueHeads == 0,
        "keyValueHeads must divide heads (" + heads + ")",
        keyValueHeads);
    require(
        layers >= 1 && layers <= MOST_LAYERS, "layers must be in [1, " + MOST_LAYERS + "]", layers);
    require(
        (long) headWidth * heads <= WIDEST,
        "headWidth times heads must be at most " + WIDEST,
        (long) headWidth * heads);
    require(classes >= 0, "classes must be at least 0", classes);
    require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1)", dropout);
    require(
        attentionDropout >= 0 && attentionDropout < 1,
        "attentionDropout must be in [0, 1)",
        attentionDropout);
  }

  /** {@return the keys of a config that, left out, have the value of another} */
  public static Map<String, String> derived() {
    return Map.of("keyValueHeads", "heads");
  }

  /** {@return the paper's text8 network: 12 layers of width 768, 12 heads, no dropout} */
  public static TransformerConfig defaults() {
    return new TransformerConfig(
        64,
        12,
        12,
        12,
        Embedding.OUTSIDE,
        TimeFeatures.T,
        0,
        Activation.GLU,
        Conditioning.ADALN_ZERO,
        true,
        0,
        0,
        false);
  }

  private TransformerConfig with(Consumer<TransformerConfigEdit> change) {
    TransformerConfigEdit edit = new TransformerConfigEdit(this);
    change.accept(edit);
    return edit.config();
  }

  /**
   * {@return this config with other heads, as many of keys and values as of queries}
   *
   * @param newHeads the heads of a layer, at least 1
   * @param newHeadWidth the channels of a head, even, at least 4
   * @throws IllegalArgumentException if a number is out of its range
   */
  public TransformerConfig withHeads(int newHeads, int newHeadWidth) {
    return with(
        edit -> {
          edit.heads = newHeads;
          edit.keyValueHeads = newHeads;
          edit.headWidth = newHeadWidth;
        });
  }

  /**
   * {@return this config with grouped-query attention}
   *
   * @param newKeyValueHeads the heads of keys and values, a divisor of the heads of queries
   * @throws IllegalArgumentException if it is none
   */
  public TransformerConfig withKeyValueHeads(int newKeyValueHeads) {
    return with(edit -> edit.keyValueHeads = newKeyValueHeads);
  }

  /**
   * {@return this config with another number of layers}
   *
   * @param newLayers the number of blocks, in [1, 10000]
   * @throws IllegalArgumentException if it is out of its range
   */
  public TransformerConfig withLayers(int newLayers) {
    return with(edit -> edit.layers = newLayers);
  }

  /**
   * {@return this config with another place of the embedding}
   *
   * @param newEmbedding the place where tokens get the network's width
   */
  public TransformerConfig withEmbedding(Embedding newEmbedding) {
    return with(edit -> edit.embedding = newEmbedding);
  }

  /**
   * {@return this config with other inputs of its condition}
   *
   * @param newTimeFeatures whether the time is an input
   * @param newClasses the classes of the data, at least 0; 0 for none
   * @throws IllegalArgumentException if {@code newClasses} is negative
   */
  public TransformerConfig withCondition(TimeFeatures newTimeFeatures, int newClasses) {
    return with(
        edit -> {
          edit.timeFeatures = newTimeFeatures;
          edit.classes = newClasses;
        });
  }

  /**
   * {@return this config with another activation}
   *
   * @param newActivation the activation of the feed-forward's gate and of the condition
   */
  public TransformerConfig withActivation(Activation newActivation) {
    return with(edit -> edit.activation = newActivation);
  }

  /**
   * {@return this config with other initial values of the adaLN products}
   *
   * @param newConditioning the law of the first values of the products that modulate LayerNorm
   */
  public TransformerConfig withConditioning(Conditioning newConditioning) {
    return with(edit -> edit.conditioning = newConditioning);
  }

  /**
   * {@return this config with another initial variance of the feed-forward}
   *
   * @param newDepthScaledInit whether the variance is divided by layers / 2
   */
  public TransformerConfig withDepthScaledInit(boolean newDepthScaledInit) {
    return with(edit -> edit.depthScaledInit = newDepthScaledInit);
  }

  /**
   * {@return this config with other rates of dropout}
   *
   * @param newDropout the rate of the channels of each branch, in [0, 1)
   * @param newAttentionDropout the rate of the attention probabilities, in [0, 1)
   * @throws IllegalArgumentException if a rate is out of its range
   */
  public TransformerConfig withDropout(double newDropout, double newAttentionDropout) {
    return with(
        edit -> {
          edit.dropout = newDropout;
          edit.attentionDropout = newAttentionDropout;
        });
  }

  /**
   * {@return this config with causal attention or without}
   *
   * @param newCausal whether a position sees only those up to itself
   */
  public TransformerConfig withCausal(boolean newCausal) {
    return with(edit -> edit.causal = newCausal);
  }

  @Override
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("layers", layers);
    facts.put("width", width());
    facts.put("heads", heads);
    facts.put("keyValueHeads", keyValueHeads);
    facts.put("embedding", embedding.toString());
    facts.put("dropout", dropout);
    facts.put("attentionDropout", attentionDropout);
    return facts;
  }

  /**
   * Returns the {@link NetworkConfig#arithmetic}. {@code dense} counts every parameter except the
   * token table once for each token, vectors and the condition's parameters included, as others
   * count them.
   */
  @Override
  public Arithmetic arithmetic(List<ParameterSpec> specs, int length) {
    Arithmetic ofProducts = Arithmetic.ofSequences(specs, layers, width(), length);
    double dense =
        specs.stream()
            .filter(spec -> !spec.name().equals("embedding.weight"))
            .mapToDouble(spec -> spec.shape().size())
            .sum();
    return new Arithmetic(dense, ofProducts.needed(), ofProducts.attended());
  }

  @Override
  public Network network(NDManager parent, int vocabularySize, Precision precision) {
    return new Transformer(parent, this, vocabularySize, precision);
  }

  /** {@return the network's width D, {@code headWidth * heads}} */
  public int width() {
    return headWidth * heads;
  }

  /** {@return the hidden width of the feed-forward: two thirds of 4 D, rounded up to 32} */
  public int hiddenWidth() {
    return (8 * width() / 3 + 31) / 32 * 32;
  }

  /** {@return whether the blocks are modulated (adaLN); otherwise they use RMSNorm} */
  public boolean isConditional() {
    return timeFeatures == TimeFeatures.T || classes > 0;
  }

  /** The kind {@code transformer}. */
  public record Kind() implements NetworkKind {
    @Override
    public String name() {
      return "transformer";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return TransformerConfig.class;
    }
  }
}
