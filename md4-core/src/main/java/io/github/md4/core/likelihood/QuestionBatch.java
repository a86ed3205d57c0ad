// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.Arrays;
import java.util.List;

/**
 * Questions about several examples, asked at once.
 *
 * @param labels the class of each example, or of none
 */
record QuestionBatch(
    BoundEstimator estimator, int[][] x, int[] labels, List<BoundEstimator.Question> questions) {

  /**
   * Returns the losses, in nats: of the first question's positions in their order, then of the
   * second's.
   */
  float[] ask(NDManager parent, Denoiser denoiser) {
    long[] rows = rows();
    if (rows.length == 0) {
      return new float[0];
    }
    try (NDManager scope = parent.newSubManager()) {
      NDArray zt = scope.create(tokens(), new Shape(x.length, x[0].length)); // [B, N]
      double[] times =
          questions.stream().mapToDouble(BoundEstimator.Question::time).toArray(); // [B]
      Condition condition = Condition.of(times, labels);
      NDArray logits = denoiser.logits(zt, condition, scope.create(rows)); // [R, V]
      return estimator.judge(logits, scope.create(targets())).toFloatArray(); // [R]
    }
  }

  private long[] tokens() {
    return questions.stream()
        .flatMapToInt(question -> Arrays.stream(question.zt()))
        .asLongStream()
        .toArray();
  }

  private long[] rows() {
    return gather((b, position) -> (long) b * x[0].length + position);
  }

  private long[] targets() {
    return gather((b, position) -> x[b][position]);
  }

  private interface AtPosition {
    long of(int b, int position);
  }

  private long[] gather(AtPosition value) {
    int count = questions.stream().mapToInt(question -> question.positions().length).sum();
    long[] gathered = new long[count];
    int r = 0;
    for (int b = 0; b < x.length; b++) {
      for (int position : questions.get(b).positions()) {
        gathered[r++] = value.of(b, position);
      }
    }
    return gathered;
  }
}
