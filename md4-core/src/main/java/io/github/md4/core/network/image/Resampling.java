// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.Hidden;
import java.util.List;

/** The change of resolution before a ResBlock's first convolution. */
enum Resampling {
  NONE {
    @Override
    Hidden of(UNetKernels kernels, NDManager scope, Hidden x) {
      return x;
    }

    @Override
    Hidden block(
        MapConditioning conditioning,
        UNetKernels kernels,
        Backbone.Context context,
        List<Hidden> x,
        NDList norm,
        NDList rest) {
      return conditioning.block(kernels, context, x, norm, rest);
    }
  },
  HALVED {
    @Override
    Hidden of(UNetKernels kernels, NDManager scope, Hidden x) {
      return kernels.halved(scope, x);
    }
  },
  DOUBLED {
    @Override
    Hidden of(UNetKernels kernels, NDManager scope, Hidden x) {
      return kernels.doubled(scope, x);
    }
  };

  abstract Hidden of(UNetKernels kernels, NDManager scope, Hidden x);

  /**
   * Returns a ResBlock's output.
   *
   * @param norm the weights of its first norm
   * @param rest all other weights, in the order of the kernel
   */
  Hidden block(
      MapConditioning conditioning,
      UNetKernels kernels,
      Backbone.Context context,
      List<Hidden> x,
      NDList norm,
      NDList rest) {
    NDManager scope = context.scope();
    Hidden a = conditioning.activated(kernels, context, x, norm);
    return conditioning.residual(
        kernels,
        context,
        x.stream().map(map -> of(kernels, scope, map)).toList(),
        of(kernels, scope, a),
        rest);
  }
}
