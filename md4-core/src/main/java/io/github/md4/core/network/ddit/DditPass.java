// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.DditKernels;
import io.github.md4.core.network.TimeFeatures;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A forward pass of the DDiT kind, from tokens to the logits of rows.
 *
 * <p>B examples, L positions, D width, V + 1 rows of the table, R chosen rows.
 *
 * @param weights by name
 * @param places cosines and sines of the positions' angles, and what is added to the products of
 *     queries and keys, if anything is
 */
record DditPass(
    DditConfig config,
    DditKernels kernels,
    Function<String, NDArray> weights,
    NDList places,
    Recording recording) {

  /** The head of a network, as {@link DditKernels#head} is one. */
  @FunctionalInterface
  interface Head<T> {
    T of(NDManager scope, Hidden h, Hidden modulation, NDList weights);
  }

  /** Returns {@link #raw} without the last column, the mask's, [R, V]. */
  NDArray logits(NDManager outer, NDArray ids, NDList inputs, NDArray rows) {
    return logits(outer, ids, inputs, rows, kernels::headOfTokens);
  }

  /**
   * Returns the logits of the rows as the network has them, float32 [R, V + 1].
   *
   * @param outer takes the result
   * @param ids int64 [B, L]
   * @param inputs what the condition is computed from
   * @param rows flat positions of the stream, int64 [R]
   */
  NDArray raw(NDManager outer, NDArray ids, NDList inputs, NDArray rows) {
    return logits(outer, ids, inputs, rows, kernels::head);
  }

  private NDArray logits(
      NDManager outer, NDArray ids, NDList inputs, NDArray rows, Head<NDArray> head) {
    try (NDManager scope = outer.newSubManager()) {
      NDArray logits = rows(scope, ids, inputs, rows, head);
      logits.attach(outer);
      return logits;
    }
  }

  /**
   * Returns what a head makes of the rows.
   *
   * @param scope takes all arrays
   */
  <T> T rows(NDManager scope, NDArray ids, NDList inputs, NDArray rows, Head<T> head) {
    NDArray condition = recording.shared(condition(scope, inputs));
    Hidden embedded = recording.start(kernels.embed(scope, ids, weights.apply("embedding.weight")));
    Hidden h = kernels.blocks(scope, embedded, condition, blocks(), places, recording); // [B, L, D]
    int last = config.layers() - 1;
    Hidden m = modulation(scope, condition, "layers." + last + ".modulation");
    Hidden attended = kernels.attention(scope, h, m, attention(last), places); // [B, L, D]
    Hidden picked = kernels.hiddenOfRows(scope, attended, rows); // [R, D]
    Hidden ofRows = ofRows(scope, m, rows, attended);
    Hidden fed = kernels.feedForward(scope, picked, ofRows, feedForward(last)); // [R, D]
    Hidden ends = modulation(scope, condition, "head.modulation");
    return head.of(scope, fed, ofRows(scope, ends, rows, attended), head());
  }

  /** Returns the weights of all blocks but the last, whose feed-forward is at chosen rows alone. */
  private List<DditKernels.Block> blocks() {
    return IntStream.range(0, config.layers() - 1)
        .mapToObj(
            layer ->
                new DditKernels.Block(
                    modulation("layers." + layer + ".modulation"),
                    attention(layer),
                    feedForward(layer)))
        .toList();
  }

  /**
   * Returns what the condition is computed from, on the device: features float32 [B, 256], or
   * nothing where there is no condition.
   *
   * @param sigmas the noise of each example; has no effect where the network is not told it
   */
  static NDList inputs(NDManager scope, DditConfig config, int examples, double[] sigmas) {
    if (!config.isAdaptive()) {
      return new NDList();
    }
    double[] told = told(config, examples, sigmas);
    Shape shape = new Shape(examples, NoiseFeatures.WIDTH);
    return new NDList(OwnedArrays.floats(scope, NoiseFeatures.of(told), shape));
  }

  /** Returns the noise of each example that a network is told: none, where it knows no time. */
  static double[] told(DditConfig config, int examples, double[] sigmas) {
    return config.timeFeatures() == TimeFeatures.T ? sigmas : new double[examples];
  }

  /** Returns the condition float32 [B, c], or of a network without one anything. */
  NDArray condition(NDManager scope, NDList inputs) {
    if (!config.isAdaptive()) {
      return scope.ones(new Shape(1));
    }
    NDArray features = inputs.singletonOrThrow();
    NDList dense = new NDList();
    for (String name : new String[] {"dense1", "dense2"}) {
      dense.add(weights.apply("condition." + name + ".weight"));
      dense.add(weights.apply("condition." + name + ".bias"));
    }
    return kernels.condition(scope, features, dense);
  }

  Hidden modulation(NDManager scope, NDArray condition, String name) {
    return kernels.modulation(scope, condition, modulation(name));
  }

  private NDList modulation(String name) {
    return config.isAdaptive()
        ? new NDList(weights.apply(name + ".weight"), weights.apply(name + ".bias"))
        : new NDList();
  }

  Hidden ofRows(NDManager scope, Hidden m, NDArray rows, Hidden h) {
    return config.isAdaptive() ? kernels.modulationOfRows(scope, m, rows, h) : m;
  }

  NDList attention(int layer) {
    String name = "layers." + layer + ".attention.";
    NDList all = new NDList();
    all.add(weights.apply(name + "qkv.weight"));
    all.add(weights.apply(name + "out.weight"));
    addNorm(all, name + "norm");
    return all;
  }

  NDList feedForward(int layer) {
    String name = "layers." + layer + ".feedForward.";
    NDList all = new NDList();
    all.add(weights.apply(name + "in.weight"));
    all.add(weights.apply(name + "in.bias"));
    all.add(weights.apply(name + "out.weight"));
    all.add(weights.apply(name + "out.bias"));
    addNorm(all, name + "norm");
    return all;
  }

  NDList head() {
    NDList all = new NDList();
    all.add(weights.apply("head.weight"));
    all.add(weights.apply("head.bias"));
    addNorm(all, "head.norm");
    return all;
  }

  private void addNorm(NDList all, String name) {
    all.add(weights.apply(name + ".weight"));
    if (!config.isAdaptive()) {
      all.add(weights.apply(name + ".bias"));
    }
  }
}
