// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.transformer.TransformerForward;
import io.github.md4.core.internal.transformer.TransformerForward.Preparation;
import io.github.md4.core.network.LoadedWeights;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The frozen weights of a transformer, and the arrays derived from them. */
final class FrozenWeights implements AutoCloseable {
  private final NDManager manager;
  private final TransformerConfig config;
  private final FusedWeights weights;
  private final Hidden table;
  private final List<Hidden> modulation;
  private final Runnable owned; // frees those weights that are this object's own

  private FrozenWeights(
      NDManager parent, TransformerConfig config, FusedWeights weights, Runnable owned) {
    this.manager = parent.newSubManager();
    this.config = config;
    this.weights = weights;
    this.owned = owned;
    try (Preparation preparation = new Preparation(manager)) {
      this.table = table(preparation);
      this.modulation = config.isConditional() ? modulation(preparation) : List.of();
    }
  }

  /**
   * Returns weights that are parameters, which stay the caller's.
   *
   * @param precision the products' type: in float32 they read the parameters themselves
   */
  static FrozenWeights of(
      NDManager parent, TransformerConfig config, Parameters parameters, Precision precision) {
    FlatArrays flat = parameters.flat();
    if (precision == Precision.FLOAT32) {
      return new FrozenWeights(parent, config, FusedWeights.frozen(parameters, flat), () -> {});
    }
    FlatArrays copy = flat.zeros(precision);
    try (OptimizerKernels kernels = new OptimizerKernels(parent)) {
      kernels.copy(copy, flat);
    }
    FusedWeights weights = FusedWeights.frozen(parameters, copy);
    return new FrozenWeights(parent, config, weights, copy::close);
  }

  /**
   * Reads weights, each in the type alone in which it is needed: those of products in theirs, and
   * embedding, condition and norms in float32.
   *
   * @param specs all parameters
   * @param precision the products' type
   */
  static FrozenWeights read(
      NDManager parent,
      TransformerConfig config,
      List<ParameterSpec> specs,
      Precision precision,
      ParameterSource source)
      throws IOException {
    Map<Boolean, List<ParameterSpec>> parts =
        specs.stream().collect(Collectors.partitioningBy(FrozenWeights::isOfProduct));
    List<ParameterSpec> ofProducts = parts.get(true);
    Deque<Runnable> read = new ArrayDeque<>();
    Runnable free = () -> read.forEach(Runnable::run);
    try {
      Parameters exact = Parameters.read(parent, parts.get(false), source);
      read.push(exact::close);
      FlatArrays copy = LoadedWeights.flat(parent, ofProducts, precision, source);
      read.push(copy::close);
      List<String> names = ofProducts.stream().map(ParameterSpec::name).toList();
      return new FrozenWeights(parent, config, FusedWeights.apart(exact, names, copy), free);
    } catch (IOException | RuntimeException e) {
      free.run();
      throw e;
    }
  }

  private static boolean isOfProduct(ParameterSpec spec) {
    String name = spec.name();
    return !name.startsWith("embedding.")
        && !name.startsWith("condition.")
        && !name.endsWith("norm.weight");
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
    return (int) table.array.getShape().get(0) - 1;
  }

  @Override
  public void close() {
    owned.run();
    manager.close();
  }
}
