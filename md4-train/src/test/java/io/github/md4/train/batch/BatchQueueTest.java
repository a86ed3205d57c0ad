// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class BatchQueueTest {

  @Test
  void take_givesTheStepsInOrder() {
    try (BatchQueue<Long> queue = new BatchQueue<>(step -> 10 * step, 7)) {
      for (long step = 7; step < 50; step++) {
        assertThat(queue.take()).isEqualTo(10 * step);
      }
    }
  }

  @Test
  void batches_areMadeBeforeTheyAreTaken_onAnotherThread() throws InterruptedException {
    CountDownLatch made = new CountDownLatch(3);
    Thread ours = Thread.currentThread();
    try (BatchQueue<Boolean> queue =
        new BatchQueue<>(
            step -> {
              made.countDown();
              return Thread.currentThread() != ours;
            },
            0)) {
      assertThat(made.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(queue.take()).isTrue();
    }
  }

  @Test
  void take_throwsWhatTheBatchThrew_andOnlyOnItsTurn() {
    InvalidDataException bad = new InvalidDataException(Path.of("a.bin"), "is cut off");
    try (BatchQueue<Long> queue =
        new BatchQueue<>(
            step -> {
              if (step == 1) {
                throw bad;
              }
              return step;
            },
            0)) {
      assertThat(queue.take()).isZero();
      assertThatThrownBy(queue::take).isSameAs(bad);
      assertThat(queue.take()).isEqualTo(2);
    }
  }
}
