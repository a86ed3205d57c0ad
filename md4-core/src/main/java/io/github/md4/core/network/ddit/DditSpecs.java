// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import java.util.ArrayList;
import java.util.List;

/** The parameters of the DDiT kind, their shapes ([out, in]) and initial values. */
final class DditSpecs {
  /** Vectors that modulate a block: shift, scale and gate of attention, then of feed-forward. */
  static final int BLOCK_VECTORS = 6;

  /** Vectors that modulate the head: shift and scale. */
  static final int HEAD_VECTORS = 2;

  private final DditConfig config;
  private final List<ParameterSpec> specs = new ArrayList<>();

  private DditSpecs(DditConfig config) {
    this.config = config;
  }

  /**
   * @param vocabularySize V; table and head have one row more, the mask's
   */
  static List<ParameterSpec> of(DditConfig config, int vocabularySize) {
    DditSpecs specs = new DditSpecs(config);
    int width = config.width();
    specs.add(Specs.table("embedding.weight", vocabularySize + 1L, width));
    specs.condition();
    for (int layer = 0; layer < config.layers(); layer++) {
      specs.block("layers." + layer + ".");
    }
    specs.norm("head.norm");
    specs.modulation("head.modulation", HEAD_VECTORS);
    specs.add(Specs.zeros("head.weight", vocabularySize + 1L, width));
    specs.add(Specs.zeros("head.bias", vocabularySize + 1L));
    return List.copyOf(specs.specs);
  }

  private void condition() {
    if (config.isAdaptive()) {
      int width = config.conditionWidth();
      add(Specs.product("condition.dense1.weight", width, NoiseFeatures.WIDTH));
      add(Specs.zeros("condition.dense1.bias", width));
      add(Specs.product("condition.dense2.weight", width, width));
      add(Specs.zeros("condition.dense2.bias", width));
    }
  }

  private void block(String name) {
    long width = config.width();
    long hidden = DditConfig.HIDDEN_FACTOR * width;
    norm(name + "attention.norm");
    add(Specs.product(name + "attention.qkv.weight", 3 * width, width));
    add(Specs.product(name + "attention.out.weight", width, width));
    norm(name + "feedForward.norm");
    add(Specs.product(name + "feedForward.in.weight", hidden, width));
    add(Specs.zeros(name + "feedForward.in.bias", hidden));
    add(Specs.product(name + "feedForward.out.weight", width, hidden));
    add(Specs.zeros(name + "feedForward.out.bias", width));
    modulation(name + "modulation", BLOCK_VECTORS);
  }

  private void norm(String name) {
    add(Specs.ones(name + ".weight", config.width()));
    if (!config.isAdaptive()) {
      add(Specs.zeros(name + ".bias", config.width()));
    }
  }

  private void modulation(String name, int vectors) {
    if (config.isAdaptive()) {
      long width = (long) vectors * config.width();
      add(Specs.zeros(name + ".weight", width, config.conditionWidth()));
      add(Specs.zeros(name + ".bias", width));
    }
  }

  private void add(ParameterSpec spec) {
    specs.add(spec);
  }
}
