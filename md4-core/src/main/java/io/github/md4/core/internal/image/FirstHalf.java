// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.FeatureMapTape.Backward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.image.NormActivationKernels.ParameterGradients;
import io.github.md4.core.internal.image.ResBlockSteps.Product;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Optional;

/**
 * The first half of a ResBlock after its first activation a: a convolution, and the values of the
 * norm that follows. They come from one call, whose results begin with the convolved map and the
 * filters as they were multiplied.
 */
sealed interface FirstHalf {
  /** The places of the filters, and of what follows them, in the results of a call. */
  int FILTERS = 1;

  int VALUES = 2;

  NDArray filters();

  /**
   * Runs the half.
   *
   * @param narrow the filters, possibly in the products' type
   */
  NDList run(TorchScript script, NDManager scope, NDArray a, NDArray narrow);

  /** Returns the norm, of the results of {@link #run}. */
  Norm norm(NDList made);

  /** Returns where the gradients by parameters go that are sums over the examples. */
  ParameterGradients into(Backward backward);

  /**
   * Writes the other gradients and returns that by a.
   *
   * @param inside the gradients by the norm's inputs
   */
  NDArray backward(TorchScript script, Backward backward, Gradients inside, NDArray a, NDList made);

  /** Without the condition. */
  record Plain(NDArray filters, NDArray bias, NDArray scale, NDArray shift) implements FirstHalf {
    /** The number of weights that a half begins with. */
    static final int TAKEN = 4;

    /** Returns the first half of a ResBlock's weights: filters, bias, scale, shift. */
    static Plain of(NDList w) {
      return new Plain(w.get(0), w.get(1), w.get(2), w.get(3));
    }

    @Override
    public NDList run(TorchScript script, NDManager scope, NDArray a, NDArray narrow) {
      return script.run(scope, "convolved", a, narrow);
    }

    @Override
    public Norm norm(NDList made) {
      return new Norm(scale, shift, Optional.of(bias));
    }

    @Override
    public ParameterGradients into(Backward backward) {
      return new ParameterGradients(
          Optional.of(backward.into(scale)),
          Optional.of(backward.into(shift)),
          Optional.of(backward.into(bias)));
    }

    @Override
    public NDArray backward(
        TorchScript script, Backward backward, Gradients inside, NDArray a, NDList made) {
      return one(
          script,
          backward,
          "convolvedBackward",
          inside.x().get(0),
          a,
          made.get(FILTERS),
          backward.into(filters));
    }
  }

  /** With a product of the condition as the bias. */
  record Biased(NDArray filters, Product bias, NDArray scale, NDArray shift) implements FirstHalf {
    static final int TAKEN = 5;

    /** Returns the first half of a ResBlock's weights: product, filters, bias, scale, shift. */
    static Biased of(NDArray c, NDList w) {
      return new Biased(w.get(1), new Product(c, w.get(0), w.get(2)), w.get(3), w.get(4));
    }

    @Override
    public NDList run(TorchScript script, NDManager scope, NDArray a, NDArray narrow) {
      return script.run(scope, "biasedHalf", a, narrow, bias.c(), bias.w(), bias.b());
    }

    @Override
    public Norm norm(NDList made) {
      return new Norm(scale, shift, Optional.of(made.get(VALUES)));
    }

    /** The product's own bias has the gradient of all examples together. */
    @Override
    public ParameterGradients into(Backward backward) {
      return new ParameterGradients(
          Optional.of(backward.into(scale)),
          Optional.of(backward.into(shift)),
          Optional.of(backward.into(bias.b())));
    }

    @Override
    public NDArray backward(
        TorchScript script, Backward backward, Gradients inside, NDArray a, NDList made) {
      return one(
          script,
          backward,
          "biasedHalfBackward",
          inside.x().get(0),
          a,
          made.get(FILTERS),
          backward.into(filters),
          inside.norm(),
          bias.backward(backward));
    }
  }

  /** With a product of the condition as scale and shift. */
  record Modulated(NDArray filters, NDArray bias, Product modulation) implements FirstHalf {
    static final int TAKEN = 4;

    /**
     * Returns the first half of a ResBlock's weights: filters, bias, the norm's product and bias.
     */
    static Modulated of(NDArray c, NDList w) {
      return new Modulated(w.get(0), w.get(1), new Product(c, w.get(2), w.get(3)));
    }

    @Override
    public NDList run(TorchScript script, NDManager scope, NDArray a, NDArray narrow) {
      return script.run(
          scope, "modulatedHalf", a, narrow, modulation.c(), modulation.w(), modulation.b());
    }

    @Override
    public Norm norm(NDList made) {
      return new Norm(made.get(VALUES), made.get(VALUES + 1), Optional.of(bias));
    }

    @Override
    public ParameterGradients into(Backward backward) {
      return new ParameterGradients(
          Optional.empty(), Optional.empty(), Optional.of(backward.into(bias)));
    }

    @Override
    public NDArray backward(
        TorchScript script, Backward backward, Gradients inside, NDArray a, NDList made) {
      return one(
          script,
          backward,
          "modulatedHalfBackward",
          inside.x().get(0),
          a,
          made.get(FILTERS),
          backward.into(filters),
          inside.norm(),
          modulation.backward(backward));
    }
  }

  private static NDArray one(
      TorchScript script, Backward backward, String function, Object... arguments) {
    return script.run(backward.scope(), function, arguments).singletonOrThrow();
  }
}
