// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.image.FeatureMapTape.Backward;
import io.github.md4.core.internal.image.FirstHalf.Biased;
import io.github.md4.core.internal.image.FirstHalf.Modulated;
import io.github.md4.core.internal.image.FirstHalf.Plain;
import io.github.md4.core.internal.image.ResBlockSteps.Affine;
import io.github.md4.core.internal.image.ResBlockSteps.Modulation;
import io.github.md4.core.internal.image.ResBlockSteps.SecondHalf;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/**
 * The kernels with a hand-written backward: convolutions by libtorch, norms and activations by our
 * kernels. Parts that are not ResBlocks are recorded and differentiated automatically.
 *
 * <p>One forward pass at a time; {@link #begin} starts it.
 */
public final class FusedUNetKernels implements UNetKernels {
  /** The most channels of a map. */
  public static final int WIDEST = 2048;

  private final NDManager manager;
  private final double dropout;
  private final UNetKernels recorded;
  private final NormActivationKernels normActivation;
  private final Autograd autograd;
  private final TorchScript script;
  private final RecordedParts recordedParts;
  private final ResBlockSteps steps;
  private final Precision precision;

  /** The parameters in the products' type, and each by the parameter. */
  private final IdentityHashMap<NDArray, NDArray> narrowOf = new IdentityHashMap<>();

  private Optional<FlatArrays> narrow = Optional.empty();
  private FeatureMapTape tape;

  FusedUNetKernels(
      NDManager parent,
      Options options,
      double dropout,
      NormActivationKernels.Factory normActivation) {
    this.manager = parent.newSubManager();
    this.precision = options.precision();
    this.dropout = dropout;
    this.recorded = UNetKernels.forTraining(manager, options, dropout);
    this.normActivation = normActivation.of(manager);
    this.autograd = new Autograd(manager);
    this.script = ResBlockSteps.script(manager, options);
    this.recordedParts = new RecordedParts(recorded, autograd, script);
    this.steps = new ResBlockSteps(script, this.normActivation, this::narrow);
  }

  /**
   * Returns the kernels for a GPU; empty where they do not run: on a CPU, in float32, with channels
   * first, without a CUDA compiler, or on a GPU older than Ampere.
   *
   * @param dropout rate of single activations
   */
  public static Optional<FusedUNetKernels> find(NDManager parent, Options options, double dropout) {
    return CudaNormActivationKernels.factory(parent, options)
        .map(kernels -> new FusedUNetKernels(parent, options, dropout, kernels));
  }

  /**
   * Starts a forward pass, inside {@link Autograd#record}; all following calls are noted on the
   * tape.
   *
   * @param scope takes the arrays that the backward pass needs
   * @param seed of dropout
   * @param ofCondition the parameters that the network's condition is computed from
   * @param parameters all of the network's
   */
  public Recording.Tape begin(
      NDManager scope, int seed, NDList ofCondition, FlatArrays parameters) {
    narrow(parameters);
    tape = new FeatureMapTape(autograd, script, scope, seed, dropout, ofCondition);
    return tape;
  }

  /** Converts all parameters to the products' type by one call. */
  private void narrow(FlatArrays parameters) {
    if (narrow.isEmpty()) {
      FlatArrays copies = parameters.zeros(precision);
      for (int i = 0; i < parameters.size(); i++) {
        narrowOf.put(parameters.array(i), copies.arrays().get(i));
      }
      narrow = Optional.of(copies);
    }
    NDArray to = narrow.orElseThrow().whole();
    script.run(manager, "same", parameters.whole(), to).close();
  }

  private NDArray narrow(NDArray parameter) {
    return narrowOf.get(parameter);
  }

  @Override
  public Hidden affineActivated(NDManager scope, List<Hidden> x, NDList norm) {
    return steps.activated(tape, x, new Affine(norm.get(0), norm.get(1)));
  }

  @Override
  public Hidden adaptiveActivated(NDManager scope, List<Hidden> x, NDArray c, NDList norm) {
    tape.useCondition(c);
    return steps.activated(tape, x, Modulation.of(c, norm));
  }

  @Override
  public Hidden plainResidual(NDManager scope, List<Hidden> x, Hidden a, NDList w) {
    return steps.residual(tape, x, a, Plain.of(w), SecondHalf.of(w, Plain.TAKEN));
  }

  @Override
  public Hidden addedResidual(
      NDManager scope, List<Hidden> x, Hidden a, NDArray c, KnownProducts known, NDList w) {
    tape.useCondition(c);
    return steps.residual(tape, x, a, Biased.of(c, w), SecondHalf.of(w, Biased.TAKEN));
  }

  @Override
  public Hidden adaptiveResidual(NDManager scope, List<Hidden> x, Hidden a, NDArray c, NDList w) {
    tape.useCondition(c);
    return steps.residual(tape, x, a, Modulated.of(c, w), SecondHalf.of(w, Modulated.TAKEN));
  }

  /** Returns the two maps themselves: the kernels of a ResBlock read them where they lie. */
  @Override
  public List<Hidden> joined(NDManager scope, Hidden x, Hidden skip) {
    return List.of(x, skip);
  }

  @Override
  public Hidden halved(NDManager scope, Hidden x) {
    NDArray made = one(tape.scope(), "halved", x.array);
    tape.forget(x);
    return tape.add(
        made, (backward, gradient) -> backward.add(x, call(backward, "halvedBackward", gradient)));
  }

  @Override
  public Hidden doubled(NDManager scope, Hidden x) {
    NDArray made = one(tape.scope(), "doubled", x.array);
    tape.forget(x);
    return tape.add(
        made, (backward, gradient) -> backward.add(x, call(backward, "doubledBackward", gradient)));
  }

  @Override
  public Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias) {
    return recordedParts.embed(tape, zt, table, filtersAndBias);
  }

  @Override
  public Hidden attended(NDManager scope, Hidden x, NDList weights) {
    return part(
        scope,
        x,
        new NDList(),
        weights,
        (inner, leaf, nothing) -> recorded.attended(inner, leaf, weights));
  }

  @Override
  public Hidden part(NDManager scope, Hidden x, NDList condition, NDList weights, Part part) {
    return recordedParts.part(tape, x, condition, weights, part);
  }

  /** Returns them in float32: they are the last that is recorded. */
  @Override
  public Hidden head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    return new Hidden(recordedParts.head(tape, scope, a, rows, filtersAndBias));
  }

  @Override
  public NDArray exact(NDManager scope, Hidden logits) {
    return logits.array;
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  private NDArray call(Backward backward, String function, Object... arguments) {
    return one(backward.scope(), function, arguments);
  }

  @Override
  public void close() {
    recorded.close();
    normActivation.close();
    narrow.ifPresent(FlatArrays::close);
    autograd.close();
    script.close();
    manager.close();
  }
}
