// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.concurrent.atomic.AtomicInteger;

/** A network that takes its time and knows nothing. */
record Slow(long millis, AtomicInteger calls) implements Denoiser {
  Slow(long millis) {
    this(millis, new AtomicInteger());
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    calls.incrementAndGet();
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return knowingNothing(zt, rows);
  }

  /** Returns equal logits. */
  static NDArray knowingNothing(NDArray zt, NDArray rows) {
    Shape shape = new Shape(rows.size(), TestServer.TOKENIZER.vocabularySize());
    return zt.getManager().zeros(shape, DataType.FLOAT32);
  }
}
