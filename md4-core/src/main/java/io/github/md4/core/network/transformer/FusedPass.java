// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedKernels.Batch;
import io.github.md4.core.internal.transformer.FusedKernels.Entered;
import io.github.md4.core.internal.transformer.FusedKernels.Known;
import io.github.md4.core.internal.transformer.FusedKernels.Left;
import io.github.md4.core.internal.transformer.FusedKernels.Start;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.TrainingPass;
import java.util.Optional;

/**
 * The hand-written forward and backward of the conditional transformer. What {@link
 * TransformerPass} computes, without recording it: the backward of each piece stands beside its
 * forward.
 */
final class FusedPass implements TrainingPass {
  private static final String HEAD = "head.weight";
  private static final int HEAD_SHIFT = 0;

  private final NDManager scope;
  private final Setting setting;
  private final EngineSeeds seeds;
  private final FusedKernels kernels;
  private final FusedConditionKernels small;
  private final FusedWeights weights;
  private final FusedCondition condition;
  private final FusedEmbedding embedding;
  private final FusedLayers layers;
  private Batch batch;
  private Optional<NDArray> gateFactors = Optional.empty();
  private Hidden c;
  private Start head;
  private Entered headIn;
  private Hidden logits;

  /**
   * What is the same for all passes.
   *
   * @param rotary cosines and sines of the positions
   */
  record Setting(
      FusedKernels kernels,
      FusedWeights weights,
      TransformerConfig config,
      int vocabularySize,
      NDList rotary,
      Recompute recompute) {}

  private FusedPass(NDManager parent, Setting setting, EngineSeeds seeds) {
    this.scope = parent.newSubManager();
    this.setting = setting;
    this.seeds = seeds;
    this.kernels = setting.kernels;
    this.small = kernels.condition();
    this.weights = setting.weights;
    this.condition = new FusedCondition(kernels, weights, setting.config);
    this.embedding = new FusedEmbedding(kernels, weights, setting.config);
    this.layers =
        setting.recompute == Recompute.LAYER
            ? FusedLayers.recomputing(scope)
            : FusedLayers.keeping(scope);
  }

  /** Returns the way forward through a batch. */
  static FusedPass forward(NDManager parent, Setting setting, FusedInput input, EngineSeeds seeds) {
    FusedPass pass = new FusedPass(parent, setting, seeds);
    pass.upload(input);
    pass.c = pass.condition.forward(pass.scope);
    seeds.beforeEmbedding();
    pass.layers.start(pass.embedding.forward(pass.scope, pass.batch));
    for (int layer = 0; layer < setting.config.layers(); layer++) {
      pass.layers.add(pass.layer(layer));
    }
    pass.head();
    return pass;
  }

  private void upload(FusedInput input) {
    batch =
        kernels.upload(
            scope,
            input.batch(),
            input.moreBytes(),
            () -> {
              condition.upload(scope, input.told());
              gateFactors =
                  input.mask().upload(scope, kernels).map(keep -> small.gateFactors(scope, keep));
            });
  }

  private FusedLayer layer(int layer) {
    boolean isLast = layer == setting.config.layers() - 1;
    Modulation modulation = modulation("layers." + layer + ".");
    gateFactors.ifPresent(factors -> small.dropGates(scope, modulation, factors, layer));
    FusedLayer.Places places =
        new FusedLayer.Places(
            batch.all(),
            isLast ? batch.asked() : batch.all(),
            setting.rotary,
            () -> seeds.beforeLayer(layer));
    return new FusedLayer(kernels, weights, layer, modulation, places);
  }

  private Modulation modulation(String name) {
    Hidden w = weights.copy(name + "modulation.weight");
    return small.modulation(scope, c, w, weights.copy(name + "modulation.bias"));
  }

  private void head() {
    head = new Start(batch.asked(), modulation("head."), HEAD_SHIFT);
    headIn = kernels.enter(scope, layers.stream(), layers.output(), head);
    logits = kernels.product(scope, headIn.input(), weights.paddedCopy(HEAD)); // [R, V padded]
  }

  @Override
  public Logits logits() {
    return kernels.logits(logits, setting.vocabularySize);
  }

  @Override
  public void backward() {
    Hidden dh = layers.backward(headBack());
    embedding.backward(scope, dh, batch);
    modulationsBack();
  }

  private Left headBack() {
    kernels.weightGradient(scope, logits, headIn.input(), weights.paddedGradient(HEAD));
    Hidden input = kernels.inputGradient(scope, logits, weights.paddedCopy(HEAD));
    Known known = new Known(input, Optional.empty());
    return kernels.leave(scope, known, headIn, layers.output(), head);
  }

  /** Every vector's gradient is known only now: a gate's comes from the block after its own. */
  private void modulationsBack() {
    NDArray dc = modulationBack("head.", head.modulation());
    for (int layer = 0; layer < layers.layers().size(); layer++) {
      Modulation modulation = layers.layers().get(layer).modulation();
      int number = layer;
      gateFactors.ifPresent(factors -> small.dropGatesBack(scope, modulation, factors, number));
      dc = dc.add(modulationBack("layers." + layer + ".", modulation));
    }
    condition.backward(scope, dc);
  }

  private NDArray modulationBack(String name, Modulation modulation) {
    Hidden[] into = weights.gradients(name + "modulation.weight", name + "modulation.bias");
    return small.modulationBack(
        scope, modulation, c, weights.copy(name + "modulation.weight"), into);
  }

  @Override
  public void close() {
    scope.close();
  }
}
