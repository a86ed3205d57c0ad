// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.Hidden;

/** The change of resolution before a ResBlock's first convolution. */
enum Resampling {
  NONE {
    @Override
    Hidden of(UNetKernels kernels, NDManager scope, Hidden x) {
      return x;
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
}
