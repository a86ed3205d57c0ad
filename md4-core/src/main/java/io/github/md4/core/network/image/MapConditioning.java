// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import java.util.List;

/** The effect of the condition on the maps of a convolutional network. */
enum MapConditioning {
  /** No condition; the norms are affine. */
  NOTHING {
    @Override
    Hidden residual(
        UNetKernels kernels, Backbone.Context context, List<Hidden> x, Hidden a, NDList weights) {
      return kernels.plainResidual(context.scope(), x, a, weights);
    }

    @Override
    Hidden block(
        UNetKernels kernels, Backbone.Context context, List<Hidden> x, NDList norm, NDList rest) {
      return kernels.plainBlock(context.scope(), context.known().packs(), x, norm, rest);
    }
  },
  /** A product of the condition is added to the maps between two convolutions. */
  ADDED {
    @Override
    List<ParameterSpec> product(String name, int channels, int conditionWidth) {
      return List.of(Specs.zeros(name + ".condition.weight", channels, conditionWidth));
    }

    @Override
    List<ParameterSpec> added(List<ParameterSpec> weights) {
      return List.of(weights.get(0), weights.get(BIAS));
    }

    @Override
    Hidden residual(
        UNetKernels kernels, Backbone.Context context, List<Hidden> x, Hidden a, NDList weights) {
      return kernels.addedResidual(
          context.scope(), x, a, context.conditionVector(), context.known().products(), weights);
    }

    @Override
    Hidden block(
        UNetKernels kernels, Backbone.Context context, List<Hidden> x, NDList norm, NDList rest) {
      Backbone.Known known = context.known();
      return kernels.addedBlock(
          context.scope(),
          known.packs(),
          x,
          context.conditionVector(),
          known.products(),
          norm,
          rest);
    }
  },
  /** The condition scales and shifts the output of every norm. */
  ADAPTIVE {
    @Override
    List<ParameterSpec> norm(String name, int channels, int conditionWidth) {
      return List.of(
          Specs.zeros(name + ".modulation.weight", 2L * channels, conditionWidth),
          Specs.zeros(name + ".modulation.bias", 2L * channels));
    }

    @Override
    Hidden activated(UNetKernels kernels, Backbone.Context context, List<Hidden> x, NDList norm) {
      return kernels.adaptiveActivated(context.scope(), x, context.conditionVector(), norm);
    }

    @Override
    Hidden residual(
        UNetKernels kernels, Backbone.Context context, List<Hidden> x, Hidden a, NDList weights) {
      return kernels.adaptiveResidual(context.scope(), x, a, context.conditionVector(), weights);
    }

    @Override
    Hidden block(
        UNetKernels kernels, Backbone.Context context, List<Hidden> x, NDList norm, NDList rest) {
      return kernels.adaptiveBlock(
          context.scope(), context.known().packs(), x, context.conditionVector(), norm, rest);
    }

    @Override
    Hidden head(
        UNetKernels kernels,
        Backbone.Context context,
        Hidden x,
        NDList norm,
        NDArray rows,
        NDList convolution) {
      Hidden a = activated(kernels, context, List.of(x), norm);
      return kernels.head(context.scope(), a, rows, convolution);
    }
  };

  /** The place of the first convolution's bias, which the product of the condition includes. */
  private static final int BIAS = 2;

  /** Returns the parameters of a norm. */
  List<ParameterSpec> norm(String name, int channels, int conditionWidth) {
    return List.of(Specs.ones(name + ".weight", channels), Specs.zeros(name + ".bias", channels));
  }

  /** Returns the further parameters of the condition in a ResBlock. */
  List<ParameterSpec> product(String name, int channels, int conditionWidth) {
    return List.of();
  }

  /**
   * Returns weight and bias of the product of the condition that is added in a ResBlock.
   *
   * @param weights of the ResBlock, as {@link #residual} takes them
   */
  List<ParameterSpec> added(List<ParameterSpec> weights) {
    return List.of();
  }

  /** Returns {@code swish(norm(x))}. */
  Hidden activated(UNetKernels kernels, Backbone.Context context, List<Hidden> x, NDList norm) {
    return kernels.affineActivated(context.scope(), x, norm);
  }

  /** Returns the logits of the chosen rows, of x normalised, activated and convolved. */
  Hidden head(
      UNetKernels kernels,
      Backbone.Context context,
      Hidden x,
      NDList norm,
      NDArray rows,
      NDList convolution) {
    return kernels.normedHead(context.scope(), context.known().packs(), x, norm, rows, convolution);
  }

  /** Returns a ResBlock that keeps the resolution: {@link #residual} of {@link #activated}. */
  abstract Hidden block(
      UNetKernels kernels, Backbone.Context context, List<Hidden> x, NDList norm, NDList rest);

  /** Returns x plus a ResBlock's branch, computed from its first activation a. */
  abstract Hidden residual(
      UNetKernels kernels, Backbone.Context context, List<Hidden> x, Hidden a, NDList weights);
}
