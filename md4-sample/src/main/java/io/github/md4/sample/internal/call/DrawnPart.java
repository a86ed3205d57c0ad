// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.trajectory.Draws;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The sequences of a call whose tokens are drawn in one way.
 *
 * @param way how tokens are drawn
 * @param drawn takes the draws of all, the first sequence first
 * @param failed takes what goes wrong in drawing
 */
public record DrawnPart(
    Drawing way,
    List<ActiveSequence> sequences,
    Consumer<Draws> drawn,
    Consumer<RuntimeException> failed)
    implements CallPart {

  @Override
  public Optional<Drawing> drawing() {
    return Optional.of(way);
  }

  @Override
  public void take(DrawKernels kernels, NDManager scope, NDArray logits, NDArray noise) {
    Draws draws;
    try {
      NDArray all = way.draw().draw(kernels, scope, way.law(), logits, noise);
      draws = new Draws(all.toDoubleArray(), (int) logits.getShape().get(0), 0);
    } catch (RuntimeException e) {
      failed.accept(e);
      return;
    }
    drawn.accept(draws);
  }

  @Override
  public void take(Draws draws) {
    drawn.accept(draws);
  }

  @Override
  public void drawBy(BatchedQuery query) {
    drawn.accept(new Draws(query.draw(sequences), rows(), 0));
  }
}
