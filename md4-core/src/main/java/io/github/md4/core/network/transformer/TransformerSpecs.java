// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.Initializer.LeCunNormal;
import io.github.md4.core.network.Initializer.Normal;
import io.github.md4.core.network.Initializer.Ones;
import io.github.md4.core.network.Initializer.Zeros;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of the transformer, their shapes ([out, in]) and initial values (spec, Sections
 * 5.3 and 5.4).
 */
public final class TransformerSpecs {
  /** Vectors that modulate a block: shift, scale and gate of attention, then of feed-forward. */
  static final int BLOCK_VECTORS = 6;

  /** Vectors that modulate the head: shift and scale. */
  static final int HEAD_VECTORS = 2;

  private final TransformerConfig config;
  private final int vocabularySize;
  private final List<ParameterSpec> specs = new ArrayList<>();

  private TransformerSpecs(TransformerConfig config, int vocabularySize) {
    this.config = config;
    this.vocabularySize = vocabularySize;
  }

  /**
   * {@return the parameters of a network over V tokens and the mask, in the order of files}
   *
   * @param config widths and layers
   * @param vocabularySize V, the number of tokens without the mask
   */
  public static List<ParameterSpec> of(TransformerConfig config, int vocabularySize) {
    TransformerSpecs specs = new TransformerSpecs(config, vocabularySize);
    specs.embedding();
    specs.condition();
    for (int layer = 0; layer < config.layers(); layer++) {
      specs.block("layers." + layer + ".");
    }
    specs.head();
    return List.copyOf(specs.specs);
  }

  private void embedding() {
    boolean isOutside = config.embedding() == Embedding.OUTSIDE;
    table("embedding.weight", vocabularySize + 1, isOutside ? config.headWidth() : config.width());
    if (isOutside) {
      product("embedding.projection.weight", config.width(), config.headWidth());
      zeros("embedding.projection.bias", config.width());
    }
  }

  private void condition() {
    int width = config.headWidth();
    if (config.classes() > 0) {
      table("condition.classes.weight", config.classes(), width);
    }
    if (config.timeFeatures() == TimeFeatures.T) {
      product("condition.dense1.weight", 4L * width, config.classes() > 0 ? 2L * width : width);
      zeros("condition.dense1.bias", 4L * width);
      product("condition.dense2.weight", width, 4L * width);
      zeros("condition.dense2.bias", width);
    }
  }

  private void block(String name) {
    int width = config.width();
    int hidden = config.hiddenWidth();
    long queriesKeysValues = (config.heads() + 2L * config.keyValueHeads()) * config.headWidth();
    double gain = config.depthScaledInit() ? 2.0 / config.layers() : 1;
    if (config.isConditional()) {
      modulation(name, BLOCK_VECTORS);
    } else {
      add(name + "attention.norm.weight", new Ones(), width);
    }
    product(name + "attention.qkv.weight", queriesKeysValues, width);
    product(name + "attention.out.weight", width, width);
    if (!config.isConditional()) {
      add(name + "feedForward.norm.weight", new Ones(), width);
    }
    add(name + "feedForward.in.weight", new LeCunNormal(width, gain), 2L * hidden, width);
    add(name + "feedForward.out.weight", new LeCunNormal(hidden, gain), width, hidden);
  }

  private void head() {
    if (config.isConditional()) {
      modulation("head.", HEAD_VECTORS);
    } else {
      add("head.norm.weight", new Ones(), config.width());
    }
    add("head.weight", new Zeros(), vocabularySize, config.width());
  }

  private void modulation(String name, int vectors) {
    Initializer initializer = config.conditioning().initializer(config.headWidth());
    add(
        name + "modulation.weight",
        initializer,
        (long) vectors * config.width(),
        config.headWidth());
    zeros(name + "modulation.bias", (long) vectors * config.width());
  }

  private void table(String name, long rows, long width) {
    add(name, new Normal(1 / Math.sqrt((double) width)), rows, width);
  }

  private void product(String name, long out, long in) {
    add(name, new LeCunNormal(in, 1), out, in);
  }

  private void zeros(String name, long size) {
    add(name, new Zeros(), size);
  }

  private void add(String name, Initializer initializer, long... shape) {
    specs.add(new ParameterSpec(name, new Shape(shape), initializer));
  }
}
