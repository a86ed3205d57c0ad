// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

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
}
