// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.GaussianKernels;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The transformer of Gaussian diffusion in training by its hand-written forward and backward. The
 * host waits for the device nowhere, so that it is ahead of it.
 */
final class FusedGaussian extends FusedTransformer {
  private final FirstGuess firstGuess;
  private final FusedGaussianPass.Model gaussian;

  /** The guess of a pass that is not differentiated. */
  @FunctionalInterface
  interface FirstGuess {
    /** Returns the guesses at the chosen examples, zero at others, [B N, D]. */
    NDArray of(NDManager scope, GaussianInput input, int... examples);
  }

  /**
   * @param kernels closed with this
   * @param firstGuess of the network where attention has dropout, which these kernels always draw
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
            config, new GaussianKernels(manager), new LossKernels(manager), Upload.of(manager));
  }

  /**
   * A batch on the host.
   *
   * @param tokens [B N]
   * @param rows the chosen rows; empty where they are all positions
   * @param blocks what the blocks take of it
   */
  private record HostBatch(
      int[] tokens, GaussianInput.OnHost vectors, long[] rows, FusedInput blocks) {

    long bytes() {
      return vectors.bytes()
          + (long) Integer.BYTES * tokens.length
          + (long) Long.BYTES * rows.length;
    }

    FusedGaussianPass.Given upload(NDManager scope, Upload upload) {
      upload.begin(bytes());
      NDArray onDevice = upload.ints(scope, tokens, new Shape(tokens.length));
      GaussianInput input = vectors.upload(scope, upload, onDevice);
      Optional<NDArray> chosen =
          rows.length == 0
              ? Optional.empty()
              : Optional.of(upload.longs(scope, rows, new Shape(rows.length)));
      upload.end();
      return new FusedGaussianPass.Given(input, chosen);
    }
  }

  /**
   * The first pass of the examples that are shown its guess.
   *
   * @param examples their numbers in the batch
   * @param positions their places among the positions of the batch
   * @param batch empty where another implementation makes the pass
   */
  private record FirstPass(int[] examples, long[] positions, Optional<HostBatch> batch) {}

  @Override
  public Prepared prepare(NetworkInput input, DropoutNoise noise) {
    HostBatch host = onHost(config, input, vectors(input), noise);
    FirstPass first = firstPass(input, host.vectors, noise);
    EngineSeeds seeds = EngineSeeds.of(config, manager.getEngine(), noise);
    return scope -> forward(scope, host, first, seeds);
  }

  private static GaussianInput.OnHost vectors(NetworkInput input) {
    return GaussianInput.OnHost.of(input.condition(), input.batchSize(), input.length());
  }

  private HostBatch onHost(
      TransformerConfig blocks,
      NetworkInput input,
      GaussianInput.OnHost vectors,
      DropoutNoise noise) {
    NetworkInput told = new NetworkInput(input.zt(), vectors.condition(), input.rows());
    int[] tokens = input.flat();
    int[] chosen = input.rows().length == tokens.length ? new int[0] : input.rows();
    return new HostBatch(
        tokens,
        vectors,
        IntStream.of(chosen).asLongStream().toArray(),
        FusedInput.of(blocks, vocabularySize, told, noise));
  }

  private FirstPass firstPass(
      NetworkInput input, GaussianInput.OnHost vectors, DropoutNoise noise) {
    double share = gaussian.config().selfConditioning();
    int[] examples = noise.selfConditioned(input.batchSize(), share);
    boolean isOther = examples.length == 0 || config.attentionDropout() > 0;
    Optional<HostBatch> batch =
        isOther ? Optional.empty() : Optional.of(some(input, vectors, noise, examples));
    return new FirstPass(examples, vectors.positions(examples), batch);
  }

  /** Returns some examples for a pass without dropout. */
  private HostBatch some(
      NetworkInput input, GaussianInput.OnHost vectors, DropoutNoise noise, int... examples) {
    int[][] zt = Arrays.stream(examples).mapToObj(b -> input.zt()[b]).toArray(int[][]::new);
    int[] all = IntStream.range(0, zt.length * input.length()).toArray();
    NetworkInput few = new NetworkInput(zt, input.condition(), all);
    return onHost(config.withDropout(0, 0), few, vectors.of(examples), noise);
  }

  private FusedGaussianPass forward(
      NDManager parent, HostBatch host, FirstPass first, EngineSeeds seeds) {
    NDManager scope = parent.newSubManager();
    FusedGaussianPass.Given given = host.upload(scope, gaussian.upload());
    NDArray guess = guess(scope, given.input(), first);
    return FusedGaussianPass.forward(
        scope, gaussian, given.shown(guess), model(host.vectors.length()), host.blocks, seeds);
  }

  private NDArray guess(NDManager scope, GaussianInput input, FirstPass first) {
    if (first.batch.isEmpty()) {
      return firstGuess.of(scope, input, first.examples);
    }
    HostBatch host = first.batch.get();
    FusedPass.Model plain = model(host.vectors.length()).recomputing();
    try (NDManager inner = scope.newSubManager()) {
      FusedGaussianPass.Given some = host.upload(inner, gaussian.upload());
      NDArray found = FusedGaussianPass.guess(inner, gaussian, some, plain, host.blocks);
      NDArray placed = gaussian.placed(inner, input.added(), first.positions, found);
      placed.attach(scope);
      return placed;
    }
  }

  @Override
  public void close() {
    gaussian.close();
    super.close();
  }
}
