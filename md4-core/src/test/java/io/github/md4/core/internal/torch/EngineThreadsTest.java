// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The number of threads that share an operation, of one thread and of others. */
@Tag("exact")
final class EngineThreadsTest {
  private int before;

  @BeforeEach
  void share() {
    before = EngineThreads.count();
    EngineThreads.set(3);
  }

  @AfterEach
  void restore() {
    EngineThreads.set(before);
  }

  private static <T> T onNewThread(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    new Thread(task).start();
    return task.get();
  }

  @Test
  void computeAlone_isOfItsThreadOnly() throws Exception {
    int own =
        onNewThread(
            () -> {
              EngineThreads.computeAlone();
              return EngineThreads.count();
            });
    assertThat(own).isEqualTo(1);
    assertThat(EngineThreads.count()).isEqualTo(3);
    assertThat(onNewThread(EngineThreads::count)).isEqualTo(3);
  }

  @Test
  void parts_areInOrderEachOnAThreadThatComputesAlone() {
    try (ComputeThreads threads = new ComputeThreads(3)) {
      assertThat(threads.count()).isEqualTo(3);
      assertThat(threads.map(5, part -> List.of(part, part == 0 ? 1 : EngineThreads.count())))
          .containsExactly(
              List.of(0, 1), List.of(1, 1), List.of(2, 1), List.of(3, 1), List.of(4, 1));
    }
  }

  /** A failure is told when no part reads its arguments any more. */
  @Test
  void failureOfAPart_isThrownAfterAllHaveEnded() {
    try (ComputeThreads threads = new ComputeThreads(2)) {
      assertThatThrownBy(
              () ->
                  threads.map(
                      2,
                      part -> {
                        if (part == 1) {
                          throw new IllegalStateException("no");
                        }
                        return part;
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no");
    }
  }
}
