// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.kernel.FlatArrays;
import io.github.md4.core.kernel.FusedConditionKernels;
import io.github.md4.core.kernel.FusedConditionKernels.Modulation;
import io.github.md4.core.kernel.FusedInferenceKernels;
import io.github.md4.core.kernel.FusedKernels;
import io.github.md4.core.kernel.FusedKernels.Branch;
import io.github.md4.core.kernel.FusedKernels.Start;
import io.github.md4.core.kernel.Hidden;
import io.github.md4.core.kernel.OptimizerKernels;
import io.github.md4.core.kernel.Precision;
import io.github.md4.core.kernel.Rows;
import io.github.md4.core.network.FusedLayer.Places;
import io.github.md4.core.network.FusedLayer.Tape;
import io.github.md4.core.network.TransformerConfig.Embedding;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The transformer with weights that never change, by the forward of the hand-written pass: weights
 * in the products' type are kept, and nothing of a block but what the next one reads.
 *
 * <p>One call at a time, since uploads share their memory.
 */
final class FusedDenoiser implements FrozenDenoiser {
  private static final int HEAD_SHIFT = 0;

  private final NDManager manager;
  private final FusedKernels kernels;
  private final FusedConditionKernels small;
  private final FusedInferenceKernels inference;
  private final TransformerConfig config;
  private final Check check;
  private final FlatArrays copy;
  private final FusedWeights weights;
  private final Hidden table;
  private final int vocabularySize;
  private final Map<Integer, NDList> rotary = new HashMap<>();

  /** Throws if shapes do not fit. */
  @FunctionalInterface
  interface Check {
    void of(NDArray zt, Condition condition, NDArray rows);
  }

  /** What it computes, and in which type it multiplies. */
  record Subject(TransformerConfig config, Parameters parameters, Precision products) {}

  /**
   * @param kernels without dropout; closed with this
   */
  FusedDenoiser(NDManager parent, FusedKernels kernels, Subject subject, Check check) {
    this.manager = parent.newSubManager();
    this.kernels = kernels;
    this.small = kernels.condition();
    this.inference = kernels.inference();
    this.config = subject.config;
    this.check = check;
    this.copy = subject.parameters.flat().zeros(subject.products);
    try (OptimizerKernels copying = kernels.optimizer(manager, copy)) {
      copying.copy(copy, subject.parameters.flat());
    }
    this.weights = FusedWeights.frozen(subject.parameters, copy);
    this.table = table();
    this.vocabularySize = (int) subject.parameters.get("head.weight").getShape().get(0);
  }

  private Hidden table() {
    NDArray tokens = weights.exact("embedding.weight");
    if (config.embedding() == Embedding.INSIDE) {
      return kernels.embedding().table(tokens, weights.copy("embedding.weight"));
    }
    NDArray w = weights.exact("embedding.projection.weight");
    return kernels
        .embedding()
        .outsideTable(manager, tokens, w, weights.exact("embedding.projection.bias"));
  }

  @Override
  public synchronized NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    check.of(zt, condition, rows);
    int examples = (int) zt.getShape().get(0);
    int length = (int) zt.getShape().get(1);
    try (NDManager scope = zt.getManager().newSubManager()) {
      Hidden c = condition(scope, condition);
      Rows all = inference.allRows(scope, rows, examples, length);
      Places last = new Places(all, inference.chosenRows(scope, rows, all), rotary(length));
      Walk walk = new Walk(scope, inference.embed(scope, zt, table));
      for (int layer = 0; layer < config.layers(); layer++) {
        boolean isLast = layer == config.layers() - 1;
        Places places = isLast ? last : new Places(all, all, last.rotary());
        Modulation modulation = modulation(scope, c, "layers." + layer + ".");
        walk.through(new FusedLayer(kernels, weights, layer, modulation, places));
      }
      NDArray logits =
          head(scope, walk, new Start(last.rows(), modulation(scope, c, "head."), HEAD_SHIFT));
      logits.attach(zt.getManager());
      return logits;
    }
  }

  private Hidden condition(NDManager scope, Condition condition) {
    FusedCondition.Told told = FusedCondition.Told.of(config, condition);
    FusedCondition forward = new FusedCondition(kernels, weights, config);
    inference.upload(told.bytes(), () -> forward.upload(scope, told));
    return forward.forward(scope);
  }

  private Modulation modulation(NDManager scope, Hidden c, String name) {
    Hidden w = weights.copy(name + "modulation.weight");
    return small.modulation(scope, c, w, weights.copy(name + "modulation.bias"));
  }

  private NDArray head(NDManager scope, Walk walk, Start start) {
    Hidden input = kernels.enter(scope, walk.stream, walk.output, start).input(); // [R, D]
    Hidden padded = kernels.product(scope, input, weights.paddedCopy("head.weight"));
    return inference.logits(scope, padded, vocabularySize);
  }

  private NDList rotary(int length) {
    return rotary.computeIfAbsent(length, l -> Rotary.tables(manager, l, config.headWidth()));
  }

  /** The way through the blocks; behind it nothing stays. */
  private static final class Walk {
    private final NDManager scope;
    private Hidden stream;
    private Optional<Branch> output = Optional.empty();

    Walk(NDManager scope, Hidden stream) {
      this.scope = scope;
      this.stream = stream;
    }

    void through(FusedLayer layer) {
      try (NDManager inner = scope.newSubManager()) {
        Tape tape = layer.forward(inner, stream, output);
        Hidden next = tape.feedForwardIn().stream();
        Hidden y = tape.inner().output();
        next.attach(scope);
        y.attach(scope);
        stream.close();
        output.ifPresent(before -> before.output().close());
        stream = next;
        output = Optional.of(layer.branch(y));
      }
    }
  }

  @Override
  public String description() {
    return "CUDA kernels of our own";
  }

  @Override
  public void close() {
    copy.close();
    kernels.close();
    manager.close();
  }
}
