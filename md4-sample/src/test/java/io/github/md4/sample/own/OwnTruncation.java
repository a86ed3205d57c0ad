// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.own;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import io.github.md4.sample.law.LogitCuts;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.law.TruncationKind;
import java.util.List;

/** A truncation of a user's own: tokens below a number are never drawn. */
public record OwnTruncation(int first) implements TokenLaw.Truncation {
  @Override
  public NDArray cut(LogitCuts cuts, NDManager scope, NDArray logits) {
    NDArray isCut =
        scope.arange((int) logits.getShape().get(1)).lt(first).broadcast(logits.getShape());
    NDArray never = logits.zerosLike().sub(Double.POSITIVE_INFINITY);
    return NDArrays.where(isCut, never, logits);
  }

  @Override
  public String text() {
    return "from(" + first + ")";
  }

  /** Its name. */
  public static final class Kind implements TruncationKind {
    @Override
    public String name() {
      return "from";
    }

    @Override
    public TokenLaw.Truncation of(List<String> arguments) {
      return new OwnTruncation(Integer.parseInt(arguments.get(0)));
    }
  }
}
