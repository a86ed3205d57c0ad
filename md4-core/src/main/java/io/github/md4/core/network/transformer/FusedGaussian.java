// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import java.util.stream.IntStream;

/**
 * The transformer of Gaussian diffusion in training: its blocks by the hand-written forward and
 * backward, what is before and after them differentiated automatically.
 */
final class FusedGaussian extends FusedTransformer {
  private final FirstGuess firstGuess;
  private final FusedGaussianPass.Model gaussian;

  /** The guess of a pass that is not differentiated. */
  @FunctionalInterface
  interface FirstGuess {
    /** Returns the guesses at the chosen examples, zero at others, [B N, D]. */
    NDArray of(NDManager scope, NDArray zt, GaussianInput input, int... examples);
  }

  /**
   * @param kernels closed with this
   */
  FusedGaussian(
      NDManager parent,
      FusedKernels kernels,
      GaussianTransformerConfig config,
      Parameters parameters,
      Options options,
      FirstGuess firstGuess) {
    super(parent, kernels, config.blocks(), parameters, options);
    this.firstGuess = firstGuess;
    this.gaussian =
        new FusedGaussianPass.Model(
            config, new Autograd(manager), new LossKernels(manager), Upload.of(manager));
  }

  @Override
  public Prepared prepare(NetworkInput input, DropoutNoise noise) {
    NetworkInput told =
        new NetworkInput(input.zt(), GaussianInput.told(input.condition()), input.rows());
    FusedInput host = FusedInput.of(config, vocabularySize, told, noise);
    EngineSeeds seeds = EngineSeeds.of(config, manager.getEngine(), noise);
    return scope -> forward(scope, input, host, noise, seeds);
  }

  private FusedGaussianPass forward(
      NDManager parent,
      NetworkInput input,
      FusedInput host,
      DropoutNoise noise,
      EngineSeeds seeds) {
    NDManager scope = parent.newSubManager();
    NDArray zt = longs(scope, input.flat(), new Shape(input.batchSize(), input.length()));
    NDArray rows = longs(scope, input.rows(), new Shape(input.rows().length));
    GaussianInput shown = GaussianInput.of(scope, zt, input.condition());
    double share = gaussian.config().selfConditioning();
    int[] chosen = noise.selfConditioned(input.batchSize(), share);
    NDArray guess = firstGuess.of(scope, zt, shown, chosen);
    return FusedGaussianPass.forward(
        scope,
        gaussian,
        new FusedGaussianPass.Given(shown, guess, rows),
        model(input.length()),
        host,
        seeds);
  }

  private static NDArray longs(NDManager scope, int[] values, Shape shape) {
    return OwnedArrays.longs(scope, IntStream.of(values).asLongStream().toArray(), shape);
  }

  @Override
  public void close() {
    gaussian.close();
    super.close();
  }
}
