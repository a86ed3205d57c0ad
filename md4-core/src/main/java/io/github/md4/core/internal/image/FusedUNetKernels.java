// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.image.FeatureMapTape.Back;
import io.github.md4.core.internal.image.NormActivationKernels.Activated;
import io.github.md4.core.internal.image.NormActivationKernels.Drop;
import io.github.md4.core.internal.image.NormActivationKernels.Forward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Kind;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The pieces with a backward written by hand: convolutions by libtorch, norms and activations in
 * passes of our own. What is no ResBlock is recorded, and differentiated piece by piece.
 *
 * <p>One way forward at a time: {@link #begin} starts it.
 */
public final class FusedUNetKernels implements UNetKernels {
  /** The most channels of a map that the passes take. */
  public static final int WIDEST = 2048;

  private static final int SHORTCUT = 2;

  private final NDManager manager;
  private final Options options;
  private final double dropout;
  private final UNetKernels recorded;
  private final NormActivationKernels passes;
  private final Autograd autograd;
  private final TorchScript script;
  private FeatureMapTape tape;

  /** Gives the passes of a device. */
  interface PassesOf {
    NormActivationKernels of(NDManager manager);
  }

  FusedUNetKernels(NDManager parent, Options options, double dropout, PassesOf passes) {
    this.manager = parent.newSubManager();
    this.options = options;
    this.dropout = dropout;
    this.recorded = UNetKernels.forTraining(manager, options, dropout);
    this.passes = passes.of(manager);
    this.autograd = new Autograd(manager);
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.precision().scalarType);
    constants.put("stream", options.stream().scalarType);
    this.script =
        TorchScript.load(
            manager, constants, TorchScript.resource(FusedUNetKernels.class, "maps.torchscript"));
  }

  /**
   * Returns the kernels for a GPU, or nothing where they do not run: on a CPU, in float32, with
   * channels first, without a CUDA compiler, or on a GPU older than Ampere.
   *
   * @param dropout rate of single activations
   */
  public static Optional<FusedUNetKernels> find(NDManager parent, Options options, double dropout) {
    if (options.precision() != Precision.BFLOAT16
        || options.layout() != MemoryFormat.CHANNELS_LAST) {
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
   * Starts a way forward, inside {@link Autograd#record}; all that follows is noted on the tape.
   *
   * @param scope takes what is kept for the way back
   * @param seed of what is dropped
   * @param ofCondition the parameters that the network's condition is made of
   */
  public FeatureMapTape begin(NDManager scope, int seed, NDList ofCondition) {
    tape = new FeatureMapTape(autograd, script, scope, seed, dropout, ofCondition);
    return tape;
  }

  // ---- norms and activations ----

  /** What a norm or a bias is made of, and the way back from it. */
  private record Source<T>(T values, OfNorm back) {}

  /** Writes gradients by parameters, given those of a norm, float32 [3, B, C]. */
  @FunctionalInterface
  private interface OfNorm {
    void back(Back back, NDArray norm);
  }

  /** A norm's scale and shift. */
  private record Scaling(NDArray scale, NDArray shift) {
    Norm with(Optional<NDArray> told) {
      return new Norm(scale, shift, told);
    }
  }

  private Source<Scaling> affine(NDArray scale, NDArray shift) {
    return new Source<>(
        new Scaling(scale, shift),
        (back, norm) -> write(back, "affineBack", norm, back.into(scale), back.into(shift)));
  }

  private Source<Scaling> adaptive(NDArray c, NDArray w, NDArray b) {
    tape.told(c);
    NDList made = script.run(tape.scope(), "modulation", c, w, b);
    return new Source<>(
        new Scaling(made.get(0), made.get(1)),
        (back, norm) -> {
          NDArray d = call(back, "ofModulation", norm);
          back.addToCondition(call(back, "productBack", d, c, w, back.into(w), back.into(b)));
        });
  }

  private Source<NDArray> bias(NDArray b) {
    return new Source<>(b, (back, norm) -> write(back, "toldBack", norm, back.into(b)));
  }

  private Source<NDArray> told(NDArray c, NDArray w, NDArray b) {
    tape.told(c);
    return new Source<>(
        one(tape.scope(), "product", c, w, b),
        (back, norm) -> {
          NDArray d = call(back, "told", norm);
          back.addToCondition(call(back, "productBack", d, c, w, back.into(w), back.into(b)));
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

  private Hidden activated(Hidden x, Source<Scaling> scaling) {
    Norm norm = scaling.values.with(Optional.empty());
    Forward forward = forward(Kind.STREAM, x.array, norm, Drop.NOTHING);
    return tape.add(
        forward.made().output(),
        (back, da) -> {
          Gradients found = passes.activateBack(back.scope(), da, forward, back.take(x));
          scaling.back.back(back, found.norm());
          back.add(x, found.x());
          forward.made().rest().close();
        });
  }

  private Forward forward(Kind kind, NDArray x, Norm norm, Drop drop) {
    Activated made = passes.activate(tape.scope(), kind, x, norm, drop);
    return new Forward(kind, x, norm, drop, made);
  }

  // ---- ResBlocks ----

  @Override
  public Hidden plainResidual(NDManager scope, Hidden x, Hidden a, NDList w) {
    Rest rest = new Rest(w.get(0), bias(w.get(1)), affine(w.get(2), w.get(3)), after(w, 4));
    return residual(x, a, rest);
  }

  @Override
  public Hidden addedResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList w) {
    Source<NDArray> told = told(c, w.get(0), w.get(2));
    return residual(x, a, new Rest(w.get(1), told, affine(w.get(3), w.get(4)), after(w, 5)));
  }

  @Override
  public Hidden adaptiveResidual(NDManager scope, Hidden x, Hidden a, NDArray c, NDList w) {
    Source<Scaling> scaling = adaptive(c, w.get(2), w.get(3));
    return residual(x, a, new Rest(w.get(0), bias(w.get(1)), scaling, after(w, 4)));
  }

  private static List<NDArray> after(NDList weights, int taken) {
    return weights.subList(taken, weights.size());
  }

  /**
   * A ResBlock's branch behind its first activation.
   *
   * @param told what is added behind the first convolution
   * @param last filters and bias of the second; then those of a projection, if there is one
   */
  private record Rest(
      NDArray filters, Source<NDArray> told, Source<Scaling> scaling, List<NDArray> last) {
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

  private Hidden residual(Hidden x, Hidden a, Rest rest) {
    NDManager kept = tape.scope();
    NDArray y = one(kept, "convolved", a.array, rest.filters);
    Norm norm = rest.scaling.values.with(Optional.of(rest.told.values));
    Forward forward = forward(Kind.CONVOLVED, y, norm, tape.drop());
    try (NDManager inner = kept.newSubManager()) {
      NDArray branch = one(inner, "convolved", forward.made().output(), rest.lastFilters());
      NDArray base =
          rest.isProjected()
              ? one(inner, "projected", x.array, rest.projection(), rest.projectionBias())
              : x.array;
      NDArray sum = passes.onto(kept, base, branch, rest.lastBias());
      return tape.add(sum, (back, gradient) -> residualBack(back, gradient, x, a, rest, forward));
    }
  }

  private void residualBack(
      Back back, NDArray gradient, Hidden x, Hidden a, Rest rest, Forward forward) {
    NDArray dy = narrowed(back, gradient);
    write(back, "summed", dy, back.into(rest.lastBias()));
    NDArray da =
        call(
            back,
            "convolvedBack",
            dy,
            forward.made().output(),
            rest.lastFilters(),
            back.into(rest.lastFilters()));
    Gradients inside = passes.activateBack(back.scope(), da, forward, Optional.empty());
    rest.told.back.back(back, inside.norm());
    rest.scaling.back.back(back, inside.norm());
    NDArray first =
        call(back, "convolvedBack", inside.x(), a.array, rest.filters, back.into(rest.filters));
    back.add(a, first);
    back.add(x, rest.isProjected() ? projectedBack(back, dy, x, rest) : gradient);
    forward.x().close();
    forward.made().output().close();
    forward.made().rest().close();
  }

  private NDArray projectedBack(Back back, NDArray dy, Hidden x, Rest rest) {
    write(back, "same", back.into(rest.lastBias()), back.into(rest.projectionBias()));
    NDArray w = rest.projection();
    return call(back, "projectedBack", dy, x.array, w, back.into(w));
  }

  private NDArray narrowed(Back back, NDArray gradient) {
    return options.stream() == options.precision() ? gradient : call(back, "narrowed", gradient);
  }

  // ---- between ResBlocks ----

  @Override
  public Hidden joined(NDManager scope, Hidden x, Hidden skip) {
    return tape.add(
        one(tape.scope(), "joined", x.array, skip.array),
        (back, gradient) -> {
          NDList parts = script.run(back.scope(), "parted", gradient, x.array);
          back.add(x, parts.get(0));
          back.add(skip, parts.get(1));
        });
  }

  @Override
  public Hidden halved(NDManager scope, Hidden x) {
    return tape.add(
        one(tape.scope(), "halved", x.array),
        (back, gradient) -> back.add(x, call(back, "halvedBack", gradient)));
  }

  @Override
  public Hidden doubled(NDManager scope, Hidden x) {
    return tape.add(
        one(tape.scope(), "doubled", x.array),
        (back, gradient) -> back.add(x, call(back, "doubledBack", gradient)));
  }

  // ---- what is recorded ----

  @Override
  public Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias) {
    NDArray h = recorded.embed(tape.scope(), zt, table, filtersAndBias).array;
    NDList weights = new NDList(table).addAll(filtersAndBias);
    return tape.add(
        h, (back, gradient) -> through(back, h, gradient, weights, new NDList()).close());
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
    NDArray leaf = leaf(x.array);
    NDList told = new NDList();
    for (NDArray c : condition) {
      tape.told(c);
      told.add(leaf(c));
    }
    NDArray y = part.of(tape.scope(), new Hidden(leaf), told).array;
    y.attach(tape.scope());
    NDList leaves = new NDList(leaf).addAll(told);
    return tape.add(
        one(tape.scope(), "laid", y),
        (back, gradient) -> {
          NDList found = through(back, y, gradient, weights, leaves);
          y.close();
          back.add(x, call(back, "laid", found.get(0)));
          found.subList(1, found.size()).forEach(back::addToCondition);
        });
  }

  @Override
  public NDArray head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    NDArray leaf = leaf(a.array);
    NDArray logits = recorded.head(scope, new Hidden(leaf), rows, filtersAndBias);
    NDList leaves = new NDList(leaf);
    tape.addLast(
        logits,
        (back, gradient) -> {
          NDList found = through(back, logits, gradient, filtersAndBias, leaves);
          back.add(a, call(back, "laid", found.get(0)));
        });
    return logits;
  }

  /** Returns a copy by which gradients can be taken, which what is made in passing cannot. */
  private NDArray leaf(NDArray x) {
    Supplier<NDArray> copy = () -> script.record(tape.scope(), "copied", x).singletonOrThrow();
    return Autograd.leaf(autograd.pause(copy));
  }

  /** Writes the gradients by weights; returns those by leaves. */
  private NDList through(
      Back back, NDArray output, NDArray gradient, NDList weights, NDList leaves) {
    NDList variables = new NDList(weights).addAll(leaves);
    NDList found =
        autograd.gradients(new NDList(output), new NDList(gradient), variables, back.into(weights));
    found.attach(back.scope());
    leaves.close();
    return found;
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  private NDArray call(Back back, String function, Object... arguments) {
    return one(back.scope(), function, arguments);
  }

  /** Calls a function that writes gradients where its last arguments say. */
  private void write(Back back, String function, Object... arguments) {
    call(back, function, arguments).close();
  }

  @Override
  public void close() {
    recorded.close();
    passes.close();
    autograd.close();
    script.close();
    manager.close();
  }
}
