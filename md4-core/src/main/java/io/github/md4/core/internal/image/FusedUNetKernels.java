// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.image.FeatureMapTape.Backward;
import io.github.md4.core.internal.image.NormActivationKernels.Activated;
import io.github.md4.core.internal.image.NormActivationKernels.Dropout;
import io.github.md4.core.internal.image.NormActivationKernels.Forward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Kind;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private static final int SHORTCUT = 2;

  private final NDManager manager;
  private final Options options;
  private final double dropout;
  private final UNetKernels recorded;
  private final NormActivationKernels normActivation;
  private final Autograd autograd;
  private final TorchScript script;
  private final RecordedParts recordedParts;
  private FeatureMapTape tape;

  /** A factory of a device's norm-activation kernels. */
  interface NormActivationFactory {
    NormActivationKernels of(NDManager manager);
  }

  FusedUNetKernels(
      NDManager parent, Options options, double dropout, NormActivationFactory normActivation) {
    this.manager = parent.newSubManager();
    this.options = options;
    this.dropout = dropout;
    this.recorded = UNetKernels.forTraining(manager, options, dropout);
    this.normActivation = normActivation.of(manager);
    this.autograd = new Autograd(manager);
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.precision().scalarType);
    constants.put("stream", options.stream().scalarType);
    this.script =
        TorchScript.load(
            manager, constants, TorchScript.resource(FusedUNetKernels.class, "maps.torchscript"));
    this.recordedParts = new RecordedParts(recorded, autograd, script);
  }

  /**
   * Returns the kernels for a GPU; empty where they do not run: on a CPU, in float32, with channels
   * first, without a CUDA compiler, or on a GPU older than Ampere.
   *
   * @param dropout rate of single activations
   */
  public static Optional<FusedUNetKernels> find(NDManager parent, Options options, double dropout) {
    if (options.precision() != Precision.BFLOAT16
        || options.memoryFormat() != MemoryFormat.CHANNELS_LAST) {
      return Optional.empty();
    }
    return CudaDevice.forKernels(parent)
        .map(
            cuda ->
                new FusedUNetKernels(
                    parent,
                    options,
                    dropout,
                    manager ->
                        new CudaNormActivationKernels(
                            manager, cuda, Nvrtc.find().orElseThrow(), options.stream())));
  }

  /**
   * Starts a forward pass, inside {@link Autograd#record}; all following calls are noted on the
   * tape.
   *
   * @param scope takes the arrays that the backward pass needs
   * @param seed of dropout
   * @param ofCondition the parameters that the network's condition is computed from
   */
  public Recording.Tape begin(NDManager scope, int seed, NDList ofCondition) {
    tape = new FeatureMapTape(autograd, script, scope, seed, dropout, ofCondition);
    return tape;
  }

  // ---- norms and activations ----

  /** The values of a norm or a bias, with their backward. */
  private record Differentiable<T>(T values, NormBackward backward) {}

  /**
   * The backward of a norm's values: from the norm's gradients, float32 [3, B, C], to those by
   * parameters.
   */
  @FunctionalInterface
  private interface NormBackward {
    void backward(Backward backward, NDArray norm);
  }

  /** A norm's scale and shift. */
  private record Scaling(NDArray scale, NDArray shift) {
    Norm with(Optional<NDArray> bias) {
      return new Norm(scale, shift, bias);
    }
  }

  private Differentiable<Scaling> affine(NDArray scale, NDArray shift) {
    return new Differentiable<>(
        new Scaling(scale, shift),
        (backward, norm) ->
            write(backward, "affineBackward", norm, backward.into(scale), backward.into(shift)));
  }

  private Differentiable<Scaling> adaptive(NDArray c, NDArray w, NDArray b) {
    tape.useCondition(c);
    NDList made = script.run(tape.scope(), "modulation", c, w, b);
    return new Differentiable<>(
        new Scaling(made.get(0), made.get(1)),
        (backward, norm) -> {
          NDArray d = call(backward, "ofModulation", norm);
          backward.addToCondition(
              call(backward, "productBackward", d, c, w, backward.into(w), backward.into(b)));
        });
  }

  private Differentiable<NDArray> bias(NDArray b) {
    return new Differentiable<>(
        b, (backward, norm) -> write(backward, "biasBackward", norm, backward.into(b)));
  }

  private Differentiable<NDArray> conditionBias(NDArray c, NDArray w, NDArray b) {
    tape.useCondition(c);
    return new Differentiable<>(
        one(tape.scope(), "product", c, w, b),
        (backward, norm) -> {
          NDArray d = call(backward, "biasGradient", norm);
          backward.addToCondition(
              call(backward, "productBackward", d, c, w, backward.into(w), backward.into(b)));
        });
  }

  @Override
  public Hidden affineActivated(NDManager scope, Hidden x, NDList norm) {
    return activated(x, affine(norm.get(0), norm.get(1)));
  }

  @Override
  public Hidden adaptiveActivated(NDManager scope, Hidden x, NDArray c, NDList norm) {
    return activated(x, adaptive(c, norm.get(0), norm.get(1)));
  }

  private Hidden activated(Hidden x, Differentiable<Scaling> scaling) {
    Norm norm = scaling.values.with(Optional.empty());
    Forward forward = forward(Kind.STREAM, x.array, norm, Dropout.NONE);
    return tape.add(
        forward.activated().output(),
        (backward, da) -> {
          Gradients found =
              normActivation.normActivateBackward(backward.scope(), da, forward, backward.take(x));
          scaling.backward.backward(backward, found.norm());
          backward.add(x, found.x());
          forward.activated().saved().close();
        });
  }

  private Forward forward(Kind kind, NDArray x, Norm norm, Dropout drop) {
    Activated made = normActivation.normActivate(tape.scope(), kind, x, norm, drop);
    return new Forward(kind, x, norm, drop, made);
  }

  // ---- ResBlocks ----

  @Override
  public Hidden plainResidual(NDManager scope, Hidden x, Hidden a, NDList w) {
    ResidualBranch branch =
        new ResidualBranch(w.get(0), bias(w.get(1)), affine(w.get(2), w.get(3)), after(w, 4));
    return residual(x, a, branch);
  }

  @Override
  public Hidden addedResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList w) {
    Differentiable<NDArray> bias = conditionBias(c, w.get(0), w.get(2));
    return residual(
        x, a, new ResidualBranch(w.get(1), bias, affine(w.get(3), w.get(4)), after(w, 5)));
  }

  @Override
  public Hidden adaptiveResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList w) {
    Differentiable<Scaling> scaling = adaptive(c, w.get(2), w.get(3));
    return residual(x, a, new ResidualBranch(w.get(0), bias(w.get(1)), scaling, after(w, 4)));
  }

  private static List<NDArray> after(NDList weights, int taken) {
    return weights.subList(taken, weights.size());
  }

  /**
   * A ResBlock's branch after its first activation.
   *
   * @param bias added after the first convolution
   * @param last filters and bias of the second convolution; then those of a projection, if there is
   *     one
   */
  private record ResidualBranch(
      NDArray filters,
      Differentiable<NDArray> bias,
      Differentiable<Scaling> scaling,
      List<NDArray> last) {
    NDArray lastFilters() {
      return last.get(0);
    }

    NDArray lastBias() {
      return last.get(1);
    }

    boolean isProjected() {
      return last.size() > SHORTCUT;
    }

    NDArray projection() {
      return last.get(SHORTCUT);
    }

    NDArray projectionBias() {
      return last.get(SHORTCUT + 1);
    }
  }

  private Hidden residual(Hidden x, Hidden a, ResidualBranch branch) {
    NDManager kept = tape.scope();
    NDArray y = one(kept, "convolved", a.array, branch.filters);
    Norm norm = branch.scaling.values.with(Optional.of(branch.bias.values));
    Forward forward = forward(Kind.CONVOLVED, y, norm, tape.drop());
    try (NDManager inner = kept.newSubManager()) {
      NDArray convolved =
          one(inner, "convolved", forward.activated().output(), branch.lastFilters());
      NDArray base =
          branch.isProjected()
              ? one(inner, "projected", x.array, branch.projection(), branch.projectionBias())
              : x.array;
      NDArray sum = normActivation.addResidual(kept, base, convolved, branch.lastBias());
      return tape.add(
          sum, (backward, gradient) -> residualBackward(backward, gradient, x, a, branch, forward));
    }
  }

  private void residualBackward(
      Backward backward,
      NDArray gradient,
      Hidden x,
      Hidden a,
      ResidualBranch branch,
      Forward forward) {
    NDArray dy = narrowed(backward, gradient);
    write(backward, "summed", dy, backward.into(branch.lastBias()));
    NDArray da =
        call(
            backward,
            "convolvedBackward",
            dy,
            forward.activated().output(),
            branch.lastFilters(),
            backward.into(branch.lastFilters()));
    Gradients inside =
        normActivation.normActivateBackward(backward.scope(), da, forward, Optional.empty());
    branch.bias.backward.backward(backward, inside.norm());
    branch.scaling.backward.backward(backward, inside.norm());
    NDArray first =
        call(
            backward,
            "convolvedBackward",
            inside.x(),
            a.array,
            branch.filters,
            backward.into(branch.filters));
    backward.add(a, first);
    backward.add(x, branch.isProjected() ? projectedBackward(backward, dy, x, branch) : gradient);
    forward.x().close();
    forward.activated().output().close();
    forward.activated().saved().close();
  }

  private NDArray projectedBackward(
      Backward backward, NDArray dy, Hidden x, ResidualBranch branch) {
    write(
        backward, "same", backward.into(branch.lastBias()), backward.into(branch.projectionBias()));
    NDArray w = branch.projection();
    return call(backward, "projectedBackward", dy, x.array, w, backward.into(w));
  }

  private NDArray narrowed(Backward backward, NDArray gradient) {
    return options.stream() == options.precision()
        ? gradient
        : call(backward, "narrowed", gradient);
  }

  // ---- between ResBlocks ----

  @Override
  public Hidden joined(NDManager scope, Hidden x, Hidden skip) {
    return tape.add(
        one(tape.scope(), "joined", x.array, skip.array),
        (backward, gradient) -> {
          NDList parts = script.run(backward.scope(), "parted", gradient, x.array);
          backward.add(x, parts.get(0));
          backward.add(skip, parts.get(1));
        });
  }

  @Override
  public Hidden halved(NDManager scope, Hidden x) {
    return tape.add(
        one(tape.scope(), "halved", x.array),
        (backward, gradient) -> backward.add(x, call(backward, "halvedBackward", gradient)));
  }

  @Override
  public Hidden doubled(NDManager scope, Hidden x) {
    return tape.add(
        one(tape.scope(), "doubled", x.array),
        (backward, gradient) -> backward.add(x, call(backward, "doubledBackward", gradient)));
  }

  // ---- recorded parts ----

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

  @Override
  public NDArray head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    return recordedParts.head(tape, scope, a, rows, filtersAndBias);
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  private NDArray call(Backward backward, String function, Object... arguments) {
    return one(backward.scope(), function, arguments);
  }

  /** Calls a function that writes gradients to its last arguments. */
  private void write(Backward backward, String function, Object... arguments) {
    call(backward, function, arguments).close();
  }

  @Override
  public void close() {
    recorded.close();
    normActivation.close();
    autograd.close();
    script.close();
    manager.close();
  }
}
