// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.llama;

import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import java.util.ArrayList;
import java.util.List;

/** The parameters of the Llama kind, their shapes ([out, in]) and initial values. */
final class LlamaSpecs {
  private final LlamaConfig config;
  private final List<ParameterSpec> specs = new ArrayList<>();

  private LlamaSpecs(LlamaConfig config) {
    this.config = config;
  }

  /**
   * @param vocabularySize V, the rows of the table, the mask's among them
   */
  static List<ParameterSpec> of(LlamaConfig config, int vocabularySize) {
    LlamaSpecs specs = new LlamaSpecs(config);
    specs.add(Specs.table("embedding.weight", vocabularySize, config.width()));
    for (int layer = 0; layer < config.layers(); layer++) {
      specs.attention("layers." + layer + ".attention.");
      specs.feedForward("layers." + layer + ".feedForward.");
    }
    specs.add(Specs.ones("head.norm.weight", config.width()));
    if (!config.isTied()) {
      specs.add(Specs.product("head.weight", vocabularySize, config.width()));
    }
    return List.copyOf(specs.specs);
  }

  private void attention(String name) {
    long queries = (long) config.heads() * config.headWidth();
    long keys = (long) config.keyValueHeads() * config.headWidth();
    add(Specs.ones(name + "norm.weight", config.width()));
    add(Specs.product(name + "query.weight", queries, config.width()));
    add(Specs.product(name + "key.weight", keys, config.width()));
    add(Specs.product(name + "value.weight", keys, config.width()));
    add(Specs.product(name + "out.weight", config.width(), queries));
    if (config.isBiased()) {
      add(Specs.zeros(name + "query.bias", queries));
      add(Specs.zeros(name + "key.bias", keys));
      add(Specs.zeros(name + "value.bias", keys));
    }
    if (config.hasHeadNorms()) {
      add(Specs.ones(name + "queryNorm.weight", config.headWidth()));
      add(Specs.ones(name + "keyNorm.weight", config.headWidth()));
    }
  }

  private void feedForward(String name) {
    add(Specs.ones(name + "norm.weight", config.width()));
    add(Specs.product(name + "gate.weight", config.hiddenWidth(), config.width()));
    add(Specs.product(name + "up.weight", config.hiddenWidth(), config.width()));
    add(Specs.product(name + "down.weight", config.width(), config.hiddenWidth()));
  }

  private void add(ParameterSpec spec) {
    specs.add(spec);
  }
}
