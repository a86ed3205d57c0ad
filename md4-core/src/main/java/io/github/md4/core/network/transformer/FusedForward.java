// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedFrozenLogits;
import io.github.md4.core.internal.transformer.FusedInferenceKernels;
import io.github.md4.core.internal.transformer.FusedInferenceKernels.Joined;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedKernels.BranchNorm;
import io.github.md4.core.internal.transformer.Rows;
import io.github.md4.core.internal.transformer.TransformerStepKernels;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.network.TimeEmbedding;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.FrozenLayer.Left;
import io.github.md4.core.network.transformer.FusedLayer.Positions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The transformer with frozen weights by the forward kernels of the hand-written pass; only the
 * arrays that the next block reads are kept.
 *
 * <p>Calls are serialised, since uploads share their memory.
 */
final class FusedForward implements FrozenForward, GraphCalls.Pass {
  private static final int HEAD_SHIFT = 0;

  private final NDManager manager;
  private final FusedKernels kernels;
  private final FusedConditionKernels conditionKernels;
  private final FusedInferenceKernels inference;
  private final FrozenWeights frozen;
  private final FusedWeights weights;
  private final TransformerConfig config;
  private final Optional<ClassTable> classes;
  private final Map<Integer, NDList> rotary = new HashMap<>();

  /**
   * @param kernels of frozen weights, without dropout; closed with this
   * @param frozen closed by the caller, after this
   */
  FusedForward(NDManager parent, FusedKernels kernels, FrozenWeights frozen) {
    this.manager = parent.newSubManager();
    this.kernels = kernels;
    this.conditionKernels = kernels.condition();
    this.inference = kernels.inference();
    this.frozen = frozen;
    this.weights = frozen.weights();
    this.config = frozen.config();
    this.classes = config.classes() > 0 ? Optional.of(classes()) : Optional.empty();
  }

  @Override
  public Precision residual() {
    return kernels.stream();
  }

  @Override
  public synchronized NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDArray logits = logits(scope, zt, upload(scope, condition), rows);
      logits.attach(zt.getManager());
      return logits;
    }
  }

  @Override
  public synchronized NDArray losses(
      NDArray zt, Condition condition, NDArray rows, AskedLoss asked) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      Hidden padded = paddedLogits(scope, start(scope, zt, upload(scope, condition), rows));
      FusedFrozenLogits logits = new FusedFrozenLogits(kernels, padded, frozen.vocabularySize());
      NDArray losses = asked.of(scope, logits);
      losses.attach(zt.getManager());
      return losses;
    }
  }

  @Override
  public synchronized NDArray logits(NDManager parent, NDArray zt, NDList condition, NDArray rows) {
    return logits(parent, zt, new FusedCondition(kernels, weights, config).with(condition), rows);
  }

  private NDArray logits(NDManager parent, NDArray zt, FusedCondition uploaded, NDArray rows) {
    try (NDManager scope = parent.newSubManager()) {
      Hidden padded = paddedLogits(scope, start(scope, zt, uploaded, rows));
      NDArray logits = inference.logits(scope, padded, frozen.vocabularySize());
      logits.attach(parent);
      return logits;
    }
  }

  private Start start(NDManager scope, NDArray zt, FusedCondition uploaded, NDArray rows) {
    int examples = (int) zt.getShape().get(0);
    int length = (int) zt.getShape().get(1);
    Hidden c = uploaded.forward(scope);
    Rows all = inference.allRows(scope, rows, examples, length);
    return new Start(
        all,
        inference.chosenRows(scope, rows, all),
        modulation(scope, c),
        inference.embed(scope, zt, frozen.table()));
  }

  /** What the first block begins with, and the rows whose logits are asked for. */
  record Start(Rows all, Rows asked, Modulation modulation, Hidden stream) {}

  /** Returns the head's product at the asked rows, [R, V] padded. */
  synchronized Hidden paddedLogits(NDManager scope, Start start) {
    Positions last = new Positions(start.all, start.asked, rotary(start.all.length()));
    Left left = new Left(start.stream, Optional.empty());
    for (int layer = 0; layer < config.layers(); layer++) {
      boolean isLast = layer == config.layers() - 1;
      Positions positions = isLast ? last : new Positions(start.all, start.all, last.rotary());
      Modulation own = start.modulation.from(layer * TransformerSpecs.BLOCK_VECTORS);
      inference.begin();
      left =
          through(scope, new FrozenLayer(kernels, inference, weights, layer, own, positions), left);
    }
    inference.begin();
    Modulation own = start.modulation.from(config.layers() * TransformerSpecs.BLOCK_VECTORS);
    Joined end =
        left.join(
            scope, kernels, inference, new BranchNorm(last.rows(), own, HEAD_SHIFT)); // [R, D]
    return kernels.product(scope, end.input(), weights.paddedCopy("head.weight"));
  }

  private static Left through(NDManager outer, FrozenLayer layer, Left before) {
    try (NDManager scope = outer.newSubManager()) {
      return layer.forward(scope, before);
    }
  }

  /** Returns the condition on the device. */
  synchronized FusedCondition upload(NDManager scope, Condition condition) {
    FusedCondition.HostCondition host = FusedCondition.HostCondition.of(config, condition);
    FusedCondition uploaded = new FusedCondition(kernels, weights, config);
    inference.upload(host.bytes(), () -> uploaded.upload(scope, host));
    return uploaded;
  }

  /** Returns whole steps, where the network is told its time. */
  Optional<TransformerSteps> steps() {
    return config.timeFeatures() == TimeFeatures.T
        ? kernels.steps().map(own -> new TransformerSteps(this, own))
        : Optional.empty();
  }

  /** Returns the weights that the beginning of a step reads. */
  TransformerStepKernels.Weights stepWeights() {
    List<Hidden> modulation = frozen.modulation();
    return new TransformerStepKernels.Weights(
        weights.exact(FusedCondition.DENSE), modulation.get(0), modulation.get(1), frozen.table());
  }

  /** Returns an array for the first values of the stream of so many positions. */
  Hidden stream(NDManager scope, int positions) {
    return inference.stream(scope, frozen.table(), positions);
  }

  /** Returns the features of the examples' times, and of their classes if there are, [B F]. */
  float[] features(Condition condition) {
    float[] ofTimes = TimeEmbedding.of(condition.times(), config.headWidth());
    return classes.map(table -> table.appended(ofTimes, condition.labels())).orElse(ofTimes);
  }

  private ClassTable classes() {
    return new ClassTable(weights.exact(FusedCondition.CLASSES).toFloatArray(), config.headWidth());
  }

  int vocabularySize() {
    return frozen.vocabularySize();
  }

  /** Makes the tables of a length, which outlive a call. */
  @Override
  public synchronized void prepare(int length) {
    NDList unused = rotary(length);
  }

  @Override
  public int generation() {
    return inference.generation();
  }

  private Modulation modulation(NDManager scope, Hidden c) {
    List<Hidden> wAndBias = frozen.modulation();
    return conditionKernels.frozenModulation(scope, c, wAndBias.get(0), wAndBias.get(1));
  }

  private NDList rotary(int length) {
    return rotary.computeIfAbsent(length, l -> Rotary.tables(manager, l, config.headWidth()));
  }

  @Override
  public String description() {
    return "CUDA kernels of our own";
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
