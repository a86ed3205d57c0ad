// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.network.StepDraws;
import java.util.Collections;
import java.util.Iterator;
import java.util.OptionalInt;

/**
 * An implementation of the forward pass of a transformer with frozen weights; its inputs have been
 * checked.
 */
interface FrozenForward extends Denoiser, StepDraws, AutoCloseable {

  /** Returns {@link Denoiser#logits} for checked inputs. */
  @Override
  NDArray logits(NDArray zt, Condition condition, NDArray rows);

  /** Returns {@link StepDraws#drawAhead}; none unless steps are made in one go. */
  @Override
  default Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
    return Collections.emptyIterator();
  }

  /** As {@link io.github.md4.core.network.SameInBatch#widthIfSame}. */
  default OptionalInt widthIfSame() {
    return OptionalInt.empty();
  }

  /** Returns a line that names the code that computes it. */
  String description();

  @Override
  void close();
}
