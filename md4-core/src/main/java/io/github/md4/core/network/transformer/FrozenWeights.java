// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.transformer.TransformerForward;
import io.github.md4.core.internal.transformer.TransformerForward.Preparation;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The frozen weights of a transformer, and the arrays derived from them. */
final class FrozenWeights implements AutoCloseable {
  private final NDManager manager;
  private final TransformerConfig config;
  private final FusedWeights weights;
  private final Hidden table;
  private final List<Hidden> modulation;
  private final Optional<FlatArrays> copy;

  /**
   * @param precision the products' type: in float32 they read the parameters themselves
   */
  FrozenWeights(
      NDManager parent, TransformerConfig config, Parameters parameters, Precision precision) {
    this.manager = parent.newSubManager();
    this.config = config;
    this.copy = copy(parameters, precision);
    this.weights = FusedWeights.frozen(parameters, copy.orElse(parameters.flat()));
    try (Preparation preparation = new Preparation(manager)) {
      this.table = table(preparation);
      this.modulation = config.isConditional() ? modulation(preparation) : List.of();
    }
  }

  private Optional<FlatArrays> copy(Parameters parameters, Precision precision) {
    if (precision == Precision.FLOAT32) {
      return Optional.empty();
    }
    FlatArrays copy = parameters.flat().zeros(precision);
    try (OptimizerKernels kernels = new OptimizerKernels(manager)) {
      kernels.copy(copy, parameters.flat());
    }
    return Optional.of(copy);
  }

  private Hidden table(Preparation preparation) {
    if (config.embedding() == Embedding.INSIDE) {
      return TransformerForward.exact(weights.exact("embedding.weight"));
    }
    return preparation.outsideTable(
        weights.exact("embedding.weight"),
        weights.exact("embedding.projection.weight"),
        weights.exact("embedding.projection.bias"));
  }

  private List<Hidden> modulation(Preparation preparation) {
    List<Hidden> w = new ArrayList<>();
    List<Hidden> b = new ArrayList<>();
    for (int layer = 0; layer <= config.layers(); layer++) {
      String name = layer < config.layers() ? "layers." + layer + "." : "head.";
      w.add(weights.copy(name + "modulation.weight"));
      b.add(weights.copy(name + "modulation.bias"));
    }
    return List.of(preparation.stacked(w), preparation.stacked(b));
  }

  TransformerConfig config() {
    return config;
  }

  /** Returns the float32 parameters with the copies that products read. */
  FusedWeights weights() {
    return weights;
  }

  /** Returns the table [V + 1, D] of the residual stream's first values, float32. */
  Hidden table() {
    return table;
  }

  /** Returns weight [(6 layers + 2) D, W] and bias of all modulations; empty without condition. */
  List<Hidden> modulation() {
    return modulation;
  }

  int vocabularySize() {
    return (int) weights.exact("head.weight").getShape().get(0);
  }

  @Override
  public void close() {
    copy.ifPresent(FlatArrays::close);
    manager.close();
  }
}
