// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.ArrayList;
import java.util.List;

/** A denoiser that records its calls. */
record Recording(Denoiser denoiser, List<Call> calls) implements Denoiser {

  /** A call of the network for sequences of equal length. */
  public record Call(Condition condition, List<Long> rows, long[] zt) {
    int examples() {
      return condition.times().length;
    }
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    List<Long> called = new ArrayList<>();
    for (long row : rows.toLongArray()) {
      called.add(row);
    }
    calls.add(new Call(condition, called, zt.toLongArray()));
    return denoiser.logits(zt, condition, rows);
  }
}
