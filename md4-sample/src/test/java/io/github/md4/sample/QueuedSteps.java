// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.LENGTH;
import static io.github.md4.sample.TinySampling.TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.sample.method.ContextDenoiser;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;

/** A network that keeps some steps ahead of the draws that are read, on tokens of its own. */
final class QueuedSteps implements Denoiser, StepDraws {
  private static final int QUEUED = 4;

  private final ContextDenoiser law = new ContextDenoiser(TOKENS);
  private final TinySampling tiny;
  private final int longest;
  private final List<Integer> goes = new ArrayList<>();
  private int withEnded;

  /**
   * @param longest the most steps of a go, as if another call ended it
   */
  QueuedSteps(TinySampling tiny, int longest) {
    this.tiny = tiny;
    this.longest = longest;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    return law.logits(zt, condition, rows);
  }

  @Override
  public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
    goes.add(0);
    Queue<double[]> drawn = new ArrayDeque<>();
    PlainSteps go = new PlainSteps(zt, TOKENS);
    IntStream.range(0, QUEUED).forEach(k -> launch(go, steps, inversion, drawn));
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !drawn.isEmpty();
      }

      @Override
      public double[] next() {
        double[] next = drawn.remove();
        launch(go, steps, inversion, drawn);
        return next;
      }
    };
  }

  private void launch(
      PlainSteps go, Iterator<Step> steps, Inversion inversion, Queue<double[]> drawn) {
    int last = goes.size() - 1;
    if (goes.get(last) == longest || !steps.hasNext()) {
      return;
    }
    goes.set(last, goes.get(last) + 1);
    Step step = steps.next();
    int examples = step.condition().times().length;
    StepRows asked = step.rows();
    long active =
        IntStream.range(0, examples).filter(b -> before(asked, b + 1) > before(asked, b)).count();
    withEnded += active < examples ? 1 : 0;
    assertThat(2 * active).isGreaterThanOrEqualTo(examples);
    drawn.add(go.make(asked, (rows, u) -> drawn(go.zt(), step.condition(), rows, u, inversion)));
  }

  private static int before(StepRows rows, int example) {
    return rows.before(example, example * LENGTH);
  }

  private double[] drawn(
      int[] zt, Condition condition, int[] asked, double[] u, Inversion inversion) {
    try (NDManager scope = tiny.manager.newSubManager()) {
      long[] tokens = Arrays.stream(zt).asLongStream().toArray();
      NDArray shown = scope.create(tokens, new Shape(zt.length / LENGTH, LENGTH));
      NDArray rows = scope.create(Arrays.stream(asked).asLongStream().toArray());
      NDArray logits = law.logits(shown, condition, rows);
      assertThat(inversion.temperature()).isEqualTo(1); // no test here has another
      return tiny.kernels
          .draw(scope, logits, scope.create(u), inversion.confidence())
          .toDoubleArray();
    }
  }

  /** Returns the number of steps of each go. */
  List<Integer> goes() {
    return goes;
  }

  /** Returns the number of steps with sequences that had ended. */
  int withEnded() {
    return withEnded;
  }
}
