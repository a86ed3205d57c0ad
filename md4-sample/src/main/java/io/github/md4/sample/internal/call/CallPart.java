// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.Draws;
import java.util.List;
import java.util.Optional;

/** The sequences of a call whose logits are used in one way. */
public interface CallPart {

  /** Returns the sequences, at least one. */
  List<? extends ShownSequence> sequences();

  /** Returns the way of drawing, where tokens are drawn. */
  Optional<Drawing> drawing();

  /**
   * Takes the logits; what goes wrong here is told to these sequences alone.
   *
   * @param scope takes the results
   * @param logits of the asked positions of these sequences in order, float32 [R, V]
   * @param noise their noise, float64 [c, R]
   */
  void take(DrawKernels kernels, NDManager scope, NDArray logits, NDArray noise);

  /** Takes the draws of these sequences, where the network has drawn itself. */
  void take(Draws draws);

  /** Lets a network with a memory of these sequences draw. */
  void drawBy(BatchedQuery query);

  /** A way of drawing tokens from logits. */
  record Drawing(RowDraw draw, TokenLaw law) {}

  /** Returns the number of positions that are asked. */
  default int rows() {
    return sequences().stream().mapToInt(each -> each.query().positions().length).sum();
  }

  /** Returns the number of rows of the noise. */
  default int columns() {
    return sequences().get(0).query().noise().length;
  }
}
