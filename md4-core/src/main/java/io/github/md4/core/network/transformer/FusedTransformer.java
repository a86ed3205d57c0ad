// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions.Recompute;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The transformer in training by its hand-written forward and backward. */
class FusedTransformer implements TrainableNetwork {
  final NDManager manager;
  private final Recompute recompute;
  final FusedKernels kernels;
  final TransformerConfig config;
  final int vocabularySize;
  private final FusedWeights weights;
  private final boolean isCopied;
  private final OptimizerKernels optimizer;
  private final Map<Integer, NDList> rotary = new HashMap<>();

  /**
   * The precision and recomputation of the hand-written pass.
   *
   * @param products the type of products and of gradients; in float32, products read the parameters
   *     themselves
   */
  public record Options(Precision products, Recompute recompute) {}

  /**
   * @param kernels closed with this
   */
  FusedTransformer(
      NDManager parent,
      FusedKernels kernels,
      TransformerConfig config,
      Parameters parameters,
      Options options) {
    this.manager = parent.newSubManager();
    this.kernels = kernels;
    this.config = config;
    this.vocabularySize = (int) parameters.get("head.weight").getShape().get(0);
    FlatArrays flat = parameters.flat();
    this.isCopied = options.products != flat.precision();
    FlatArrays copy = isCopied ? flat.zeros(options.products) : flat;
    this.weights = FusedWeights.of(parameters, copy, flat.zeros(options.products));
    this.recompute = options.recompute;
    this.optimizer = isCopied ? kernels.optimizer(manager, copy) : new OptimizerKernels(manager);
    if (isCopied) {
      optimizer.copy(copy, flat);
    }
  }

  @Override
  public Prepared prepare(NetworkInput input, DropoutNoise noise) {
    FusedInput host = FusedInput.of(config, vocabularySize, input, noise);
    EngineSeeds seeds = EngineSeeds.of(config, manager.getEngine(), noise);
    return scope -> FusedPass.forward(scope, model(input.length()), host, seeds);
  }

  final FusedPass.Model model(int length) {
    NDList tables =
        rotary.computeIfAbsent(length, each -> Rotary.tables(manager, each, config.headWidth()));
    return new FusedPass.Model(kernels, weights, config, vocabularySize, tables, recompute);
  }

  @Override
  public FlatArrays gradients() {
    return weights.gradients();
  }

  @Override
  public int[] segments() {
    return weights.segments();
  }

  @Override
  public FlatArrays working() {
    return weights.copy();
  }

  @Override
  public FlatArrays exact() {
    return weights.parameters().flat();
  }

  @Override
  public int exactSegments() {
    return isCopied ? 1 : 0; // embedding and condition
  }

  @Override
  public Optional<OptimizerKernels.Movement> movement(FlatArrays workingPiece) {
    return isCopied ? Optional.of(kernels.movement(workingPiece)) : Optional.empty();
  }

  @Override
  public OptimizerKernels optimizer() {
    return optimizer;
  }

  @Override
  public String description() {
    return kernels.description();
  }

  @Override
  public void close() {
    optimizer.close();
    if (isCopied) {
      weights.copy().close();
    }
    weights.gradients().close();
    kernels.close();
    manager.close();
  }
}
