// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedKernels.BranchNorm;
import io.github.md4.core.internal.transformer.FusedKernels.Modulated;
import io.github.md4.core.internal.transformer.FusedKernels.ModulatedGradients;
import io.github.md4.core.internal.transformer.FusedKernels.ResidualGradients;
import io.github.md4.core.internal.transformer.FusedUploads.Batch;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.TrainingPass;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The hand-written forward and backward of the conditional transformer. It computes the same as
 * {@link TransformerPass} without recording.
 */
final class FusedPass implements TrainingPass {
  private static final String HEAD = "head.weight";
  private static final int HEAD_SHIFT = 0;

  private final NDManager scope;
  private final Model model;
  private final EngineSeeds seeds;
  private final FusedKernels kernels;
  private final FusedConditionKernels conditionKernels;
  private final FusedWeights weights;
  private final FusedCondition condition;
  private final FusedStart start;
  private final FusedLayers layers;
  private Batch batch;
  private Optional<NDArray> gateFactors = Optional.empty();
  private Hidden c;
  private Modulation modulations;
  private BranchNorm head;
  private Modulated headIn;
  private Hidden logits;

  /**
   * The parts that all passes share.
   *
   * @param rotary cosines and sines of the positions
   */
  record Model(
      FusedKernels kernels,
      FusedWeights weights,
      TransformerConfig config,
      int vocabularySize,
      NDList rotary,
      Recompute recompute) {

    /** Returns the same, keeping of each layer what the next one needs. */
    Model recomputing() {
      return new Model(kernels, weights, config, vocabularySize, rotary, Recompute.LAYER);
    }
  }

  private FusedPass(NDManager parent, Model model, FusedStart start, EngineSeeds seeds) {
    this.scope = parent.newSubManager();
    this.model = model;
    this.seeds = seeds;
    this.kernels = model.kernels;
    this.conditionKernels = kernels.condition();
    this.weights = model.weights;
    this.condition = new FusedCondition(kernels, weights, model.config);
    this.start = start;
    this.layers =
        model.recompute == Recompute.LAYER
            ? FusedLayers.recomputing(scope)
            : FusedLayers.storing(scope);
  }

  /** Returns the forward pass of a batch of tokens. */
  static FusedPass forward(NDManager parent, Model model, FusedInput input, EngineSeeds seeds) {
    FusedStart start = new FusedEmbedding(model.kernels, model.weights, model.config);
    return forward(parent, model, start, input, seeds);
  }

  /** Returns the forward pass of a batch that begins with {@code start}. */
  static FusedPass forward(
      NDManager parent, Model model, FusedStart start, FusedInput input, EngineSeeds seeds) {
    FusedPass pass = new FusedPass(parent, model, start, seeds);
    pass.upload(input);
    pass.modulate();
    seeds.beforeEmbedding();
    pass.layers.start(start.forward(pass.scope, pass.batch));
    for (int layer = 0; layer < model.config.layers(); layer++) {
      pass.layers.add(pass.layer(layer));
    }
    pass.head();
    return pass;
  }

  private void upload(FusedInput input) {
    batch =
        kernels
            .uploads()
            .batch(
                scope,
                input.batch(),
                input.moreBytes(),
                () -> {
                  condition.upload(scope, input.condition());
                  gateFactors =
                      input
                          .mask()
                          .upload(scope, kernels)
                          .map(mask -> conditionKernels.gateFactors(scope, mask));
                });
  }

  /** Computes the condition, and from it the modulations of all layers, then of the head. */
  private void modulate() {
    c = condition.forward(scope);
    modulations =
        conditionKernels.modulations(
            scope, c, weights.copies(names("weight")), weights.copies(names("bias")));
    gateFactors.ifPresent(factors -> conditionKernels.dropGates(scope, modulations, factors));
  }

  /** Returns the names of a parameter of each modulation. */
  private Stream<String> names(String parameter) {
    return Stream.concat(
            IntStream.range(0, model.config.layers()).mapToObj(layer -> "layers." + layer),
            Stream.of("head"))
        .map(part -> part + ".modulation." + parameter);
  }

  private FusedLayer layer(int layer) {
    boolean isLast = layer == model.config.layers() - 1;
    Modulation modulation = modulations.from(layer * TransformerSpecs.BLOCK_VECTORS);
    FusedLayer.Positions positions =
        new FusedLayer.Positions(
            batch.all(),
            isLast ? batch.headRows() : batch.all(),
            model.rotary,
            seeds.ofLayer(layer));
    return new FusedLayer(kernels, weights, layer, modulation, positions);
  }

  private void head() {
    Modulation own = modulations.from(model.config.layers() * TransformerSpecs.BLOCK_VECTORS);
    head = new BranchNorm(batch.headRows(), own, HEAD_SHIFT);
    headIn = kernels.residualNormModulate(scope, layers.stream(), layers.output(), head);
    logits = kernels.product(scope, headIn.input(), weights.paddedCopy(HEAD)); // [R, V padded]
  }

  /** Returns the head's product [R, V padded], which the backward pass takes for its gradient. */
  Hidden product() {
    return logits;
  }

  @Override
  public Logits logits() {
    return kernels.logits(logits, model.vocabularySize);
  }

  @Override
  public void backward() {
    backward(segment -> {});
  }

  @Override
  public void backward(IntConsumer complete) {
    ResidualGradients last = headBackward();
    complete.accept(weights.segment(HEAD));
    Hidden dh =
        layers.backward(last, layer -> complete.accept(weights.segment(FusedLayer.first(layer))));
    start.backward(scope, dh, batch);
    modulationsBackward();
  }

  private ResidualGradients headBackward() {
    kernels.weightGradient(scope, logits, headIn.input(), weights.paddedGradient(HEAD));
    Hidden input = kernels.inputGradient(scope, logits, weights.paddedCopy(HEAD));
    ModulatedGradients known = new ModulatedGradients(input, Optional.empty());
    return kernels.residualNormModulateBackward(scope, known, headIn, layers.output(), head);
  }

  /**
   * Computes the gradients of all modulations, after all blocks: a gate's gradient comes from the
   * block after its own.
   */
  private void modulationsBackward() {
    gateFactors.ifPresent(
        factors -> conditionKernels.dropGatesBackward(scope, modulations, factors));
    Hidden[] into = weights.gradients(Stream.concat(names("weight"), names("bias")));
    Hidden[] w = weights.copies(names("weight"));
    condition.backward(scope, conditionKernels.modulationsBackward(scope, modulations, c, w, into));
  }

  @Override
  public void close() {
    scope.close();
  }
}
