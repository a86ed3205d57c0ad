// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A residual block of two convolutions, each after a norm and a swish (spec, Sections 5.5 and 5.6).
 *
 * @param norm the parameters of the first norm
 * @param rest all other parameters, in the order of the kernel
 */
record ResBlock(Kind kind, Resampling resampling, WeightList norm, WeightList rest) {
  private static final int SIDE = 3;

  /** The biases of convolutions are added in float32. */
  private static final Pattern OF_PRODUCTS =
      Pattern.compile(".*\\.(conv[12]\\.weight|shortcut\\..*)");

  /**
   * The properties that all ResBlocks of a network share.
   *
   * @param conditionWidth W
   */
  record Kind(UNetKernels kernels, MapConditioning conditioning, int conditionWidth) {

    /** Returns a block that keeps the resolution. */
    ResBlock block(String name, int in, int out) {
      return block(name, in, out, Resampling.NONE);
    }

    /** Returns a block with parameters of its own. */
    ResBlock block(String name, int in, int out, Resampling resampling) {
      List<ParameterSpec> rest = new ArrayList<>(conditioning.product(name, out, conditionWidth));
      rest.add(Specs.filters(name + ".conv1.weight", out, SIDE, in));
      rest.add(Specs.zeros(name + ".conv1.bias", out));
      rest.addAll(conditioning.norm(name + ".norm2", out, conditionWidth));
      rest.add(Specs.zeros(name + ".conv2.weight", out, SIDE, SIDE, out));
      rest.add(Specs.zeros(name + ".conv2.bias", out));
      if (in != out) {
        rest.add(Specs.product(name + ".shortcut.weight", out, in));
        rest.add(Specs.zeros(name + ".shortcut.bias", out));
      }
      List<ParameterSpec> norm = conditioning.norm(name + ".norm1", in, conditionWidth);
      return new ResBlock(this, resampling, new WeightList(norm), new WeightList(rest));
    }
  }

  /** Returns its parameters. */
  List<ParameterSpec> specs() {
    return norm.and(rest.specs()).specs();
  }

  /** Returns weight and bias of its product of the condition, if it adds one. */
  List<ParameterSpec> conditionProduct() {
    return kind.conditioning.added(rest.specs());
  }

  /** Returns those that are read in the type of the products: filters and the projection. */
  List<ParameterSpec> ofProducts() {
    return rest.specs().stream()
        .filter(spec -> OF_PRODUCTS.matcher(spec.name()).matches())
        .toList();
  }

  /** Returns the block's output; x [B, in, H, W] stays open. */
  Hidden of(Backbone.Context outer, Hidden x) {
    try (NDManager scope = outer.scope().newSubManager()) {
      return of(outer, scope, List.of(x));
    }
  }

  /** Returns the block's output and closes x. */
  Hidden ofLast(Backbone.Context context, Hidden x) {
    try (x) {
      return of(context, x);
    }
  }

  /**
   * Returns the block's output for the channels of x followed by those of {@code skip}; closes
   * both.
   */
  Hidden ofBoth(Backbone.Context outer, Hidden x, Hidden skip) {
    try (x;
        skip;
        NDManager scope = outer.scope().newSubManager()) {
      return of(outer, scope, kind.kernels.joined(scope, x, skip));
    }
  }

  private Hidden of(Backbone.Context outer, NDManager scope, List<Hidden> x) {
    Backbone.Context context = outer.in(scope);
    Hidden y =
        resampling.block(
            kind.conditioning,
            kind.kernels,
            context,
            x,
            context.weights(norm),
            context.weights(rest));
    y.attach(outer.scope());
    return y;
  }
}
