// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.FeatureMapTape.Backward;
import io.github.md4.core.internal.image.NormActivationKernels.Activated;
import io.github.md4.core.internal.image.NormActivationKernels.Dropout;
import io.github.md4.core.internal.image.NormActivationKernels.Forward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Kind;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.image.NormActivationKernels.ParameterGradients;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The steps of a ResBlock on a tape: its first norm, and what follows it. Each half of the latter
 * is one call of {@code maps.torchscript}, and one on the way back.
 *
 * @param script the functions of {@code maps.torchscript}
 * @param narrow a parameter in the products' type, or itself, which they convert
 */
record ResBlockSteps(
    TorchScript script, NormActivationKernels kernels, UnaryOperator<NDArray> narrow) {
  /** Returns the functions of {@code maps.torchscript}. */
  static TorchScript script(NDManager parent, UNetKernels.Options options) {
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.precision().scalarType);
    constants.put("stream", options.stream().scalarType);
    return TorchScript.load(
        parent, constants, TorchScript.resource(ResBlockSteps.class, "maps.torchscript"));
  }

  /** A product of the condition c, float32 [B, D]. */
  record Product(NDArray c, NDArray w, NDArray b) {

    /** Returns the arrays that its backward reads, and those that it writes to. */
    List<NDArray> backward(Backward backward) {
      return List.of(c, w, backward.into(w), backward.into(b), backward.byCondition());
    }
  }

  /** The origin of a norm's scale and shift. */
  sealed interface Scaling {

    /** Returns scale and shift; those that are made belong to {@code scope}. */
    NDList values(TorchScript script, NDManager scope);

    /** Returns where the gradients by its parameters go that are sums over the examples. */
    ParameterGradients into(Backward backward);

    /** Writes the other gradients, given those by scale, shift and bias of each example. */
    void backward(TorchScript script, Backward backward, NDArray norm);
  }

  /** Parameters as scale and shift, [C]. */
  record Affine(NDArray scale, NDArray shift) implements Scaling {
    @Override
    public NDList values(TorchScript script, NDManager scope) {
      return new NDList(scale, shift);
    }

    @Override
    public ParameterGradients into(Backward backward) {
      return new ParameterGradients(
          Optional.of(backward.into(scale)), Optional.of(backward.into(shift)), Optional.empty());
    }

    @Override
    public void backward(TorchScript script, Backward backward, NDArray norm) {}
  }

  /** Scale and shift of each example from the condition, [B, C]. */
  record Modulation(Product product) implements Scaling {
    /** Returns the scaling of a norm's weights: the product and its bias. */
    static Modulation of(NDArray c, NDList w) {
      return new Modulation(new Product(c, w.get(0), w.get(1)));
    }

    @Override
    public NDList values(TorchScript script, NDManager scope) {
      return script.run(scope, "modulation", product.c, product.w, product.b);
    }

    @Override
    public ParameterGradients into(Backward backward) {
      return ParameterGradients.NONE;
    }

    @Override
    public void backward(TorchScript script, Backward backward, NDArray norm) {
      script.run(backward.scope(), "modulationBackward", norm, product.backward(backward)).close();
    }
  }

  /** Returns the norm and activation of one map, or of two side by side. */
  NDArray activated(NDManager scope, List<Hidden> x, Scaling scaling) {
    try (NDManager inner = scope.newSubManager()) {
      NDList values = scaling.values(script, inner);
      Norm norm = new Norm(values.get(0), values.get(1), Optional.empty());
      NDArray output =
          kernels.normActivate(inner, Kind.STREAM, arrays(x), norm, Dropout.NONE).output();
      output.attach(scope);
      return output;
    }
  }

  /**
   * Adds the norm and activation of one map, or of two side by side. It has as many channels as
   * both together, so it is made again on the way back, by one pass over them, and not kept.
   */
  Hidden activated(FeatureMapTape tape, List<Hidden> x, Scaling scaling) {
    NDList values = scaling.values(script, tape.scope());
    Norm norm = new Norm(values.get(0), values.get(1), Optional.empty());
    Forward forward = forward(tape, Kind.STREAM, arrays(x), norm, Dropout.NONE);
    return tape.add(
        forward.activated().output(),
        (backward, da) -> {
          List<List<NDArray>> known = x.stream().map(backward::takeParts).toList();
          Gradients found =
              kernels.normActivateBackward(
                  backward.scope(), da, forward, known, scaling.into(backward));
          scaling.backward(script, backward, found.norm());
          for (int i = 0; i < x.size(); i++) {
            backward.add(x.get(i), found.x().get(i));
          }
          forward.activated().saved().close();
        },
        scope -> kernels.activateAgain(scope, forward));
  }

  private Forward forward(
      FeatureMapTape tape, Kind kind, List<NDArray> x, Norm norm, Dropout drop) {
    Activated made = kernels.normActivate(tape.scope(), kind, x, norm, drop);
    return new Forward(kind, x, norm, drop, made);
  }

  /**
   * The second half: a convolution, added to x.
   *
   * @param projection weight and bias of a projection of x, or empty
   */
  record SecondHalf(NDArray filters, NDArray bias, List<NDArray> projection) {

    /**
     * Returns the second half of a ResBlock's weights.
     *
     * @param taken the number of those of the first half
     */
    static SecondHalf of(NDList weights, int taken) {
      return new SecondHalf(
          weights.get(taken), weights.get(taken + 1), weights.subList(taken + 2, weights.size()));
    }

    boolean isProjected() {
      return !projection.isEmpty();
    }

    /** Returns the projection's weight, and where the gradients by weight and bias go. */
    List<NDArray> projectionBackward(Backward backward, UnaryOperator<NDArray> narrow) {
      return isProjected()
          ? List.of(
              narrow.apply(projection.get(0)),
              backward.into(projection.get(0)),
              backward.into(projection.get(1)))
          : List.of();
    }
  }

  /**
   * Returns what follows the first activation a.
   *
   * @param x one map, or two side by side, which are projected
   */
  NDArray residual(NDManager scope, List<Hidden> x, Hidden a, FirstHalf first, SecondHalf second) {
    try (NDManager inner = scope.newSubManager()) {
      NDList made = first.run(script, inner, a.array, narrow.apply(first.filters()));
      Activated h =
          kernels.normActivate(
              inner, Kind.CONVOLVED, List.of(made.get(0)), first.norm(made), Dropout.NONE);
      return sum(scope, x, second, secondHalf(inner, x, second, h));
    }
  }

  /**
   * Adds what follows the first activation a, as {@link #residual(NDManager, List, Hidden,
   * FirstHalf, SecondHalf)}.
   */
  Hidden residual(
      FeatureMapTape tape, List<Hidden> x, Hidden a, FirstHalf first, SecondHalf second) {
    NDManager kept = tape.scope();
    NDList made = first.run(script, kept, a.array, narrow.apply(first.filters()));
    tape.forget(a);
    Forward forward =
        forward(tape, Kind.CONVOLVED, List.of(made.get(0)), first.norm(made), tape.drop());
    try (NDManager inner = kept.newSubManager()) {
      NDList half = secondHalf(inner, x, second, forward.activated());
      NDArray filters = half.get(FirstHalf.FILTERS);
      filters.attach(kept);
      return tape.add(
          sum(kept, x, second, half),
          (backward, gradient) -> {
            NDArray da =
                secondBackward(backward, gradient, x, second, forward.activated(), filters);
            Gradients inside =
                kernels.normActivateBackward(
                    backward.scope(), da, forward, List.of(List.of()), first.into(backward));
            NDArray convolved = tape.values(backward.scope(), a);
            backward.add(a, first.backward(script, backward, inside, convolved, made));
            new NDList(forward.activated().output(), forward.activated().saved(), filters).close();
            made.close();
          });
    }
  }

  private NDList secondHalf(NDManager scope, List<Hidden> x, SecondHalf second, Activated h) {
    return script.run(
        scope,
        "secondHalf",
        h.output(),
        narrow.apply(second.filters),
        arrays(x),
        second.projection.stream().map(narrow).toList());
  }

  /** Returns x, or its projection, plus the convolved map and its bias. */
  private NDArray sum(NDManager scope, List<Hidden> x, SecondHalf second, NDList half) {
    if (x.size() > 1 && !second.isProjected()) {
      throw new IllegalArgumentException("maps side by side must be projected: " + x.size());
    }
    NDArray base = second.isProjected() ? half.get(FirstHalf.VALUES) : x.get(0).array;
    return kernels.addResidual(scope, base, half.get(0), second.bias);
  }

  /** Writes the gradients of the second half, and returns that by its input. */
  private NDArray secondBackward(
      Backward backward,
      NDArray gradient,
      List<Hidden> x,
      SecondHalf second,
      Activated h,
      NDArray filters) {
    kernels.sumOverPixels(gradient, backward.into(second.bias));
    NDList found =
        script.run(
            backward.scope(),
            "secondHalfBackward",
            gradient,
            h.output(),
            filters,
            backward.into(second.filters),
            backward.into(second.bias),
            arrays(x),
            second.projectionBackward(backward, narrow));
    for (int i = 0; i < x.size(); i++) {
      backward.add(x.get(i), second.isProjected() ? found.get(1 + i) : gradient);
    }
    return found.get(0);
  }

  private static List<NDArray> arrays(List<Hidden> maps) {
    return maps.stream().map(map -> map.array).toList();
  }
}
