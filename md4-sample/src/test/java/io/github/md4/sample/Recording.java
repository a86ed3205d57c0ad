// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.ArrayList;
import java.util.List;

/** A denoiser that writes down what it is asked. */
public record Recording(Denoiser answering, List<Question> questions) implements Denoiser {

  /** What the network was asked, of sequences of equal length. */
  public record Question(Condition condition, List<Long> rows, long[] zt) {
    int examples() {
      return condition.times().length;
    }
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    List<Long> asked = new ArrayList<>();
    for (long row : rows.toLongArray()) {
      asked.add(row);
    }
    questions.add(new Question(condition, asked, zt.toLongArray()));
    return answering.logits(zt, condition, rows);
  }
}
