// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a model does whose close is called while it works, and by whom. */
@Tag("exact")
final class MaskedDiffusionCloseTest {
  private static final SamplingOptions OPTIONS = MaskedDiffusionTest.OPTIONS;

  @TempDir private Path folder;
  private NDManager manager;
  private MaskedDiffusion model;

  @BeforeEach
  void load() throws IOException {
    TinyModelFolder.write(folder);
    manager = NDManager.newBaseManager(Device.cpu());
    model = TinyModelFolder.load(folder, manager);
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void close_refusesWhatComesAfterAndFreesAll() {
    model.close();
    model.close();
    assertThat(manager.isOpen()).isFalse();
    assertThat(manager.getManagedArrays()).isEmpty();
    assertThatIllegalStateException()
        .isThrownBy(() -> model.generate(1, OPTIONS))
        .withMessage("this model is closed");
    assertThatIllegalStateException().isThrownBy(() -> model.score("abc"));
  }

  /** A request that runs ends well, and the one after it is refused. */
  @Test
  @Timeout(60)
  void close_inAListenerEndsThatRequestAndHangsNobody() {
    SamplingListener closes = (done, planned) -> model.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> model.generate(model.masked(3, 9), OPTIONS, closes))
        .withMessage("this model was closed in a listener of this request");
    assertThatIllegalStateException()
        .isThrownBy(() -> model.generate(1, OPTIONS))
        .withMessage("this model is closed");
    model.close();
  }

  @Test
  void close_waitsForWhatRuns() throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<?>> closing = new ArrayList<>();
      SamplingListener closes =
          (done, planned) -> {
            if (done == 1) {
              closing.add(threads.submit(model::close));
            }
          };
      List<Sample> samples = model.generate(model.masked(3, 9), OPTIONS, closes);
      assertThat(samples).hasSize(3);
      Object unused = closing.get(0).get();
      assertThatIllegalStateException().isThrownBy(() -> model.generate(1, OPTIONS));
    } finally {
      threads.shutdown();
    }
  }

  /** A listener that waits for the thread that closes: nobody hangs, and the request ends well. */
  @Test
  @Timeout(60)
  void close_forWhichAListenerWaitsHangsNobody() {
    ExecutorService threads = Executors.newFixedThreadPool(1);
    try {
      SamplingListener waits =
          (done, planned) -> {
            if (done == 1) {
              assertThat(threads.submit(model::close)).succeedsWithin(Duration.ofSeconds(30));
            }
          };
      assertThat(model.generate(model.masked(3, 9), OPTIONS, waits)).hasSize(3);
      assertThatIllegalStateException()
          .isThrownBy(() -> model.generate(1, OPTIONS))
          .withMessage("this model is closed");
      model.close(); // waits for the end of the request, which frees it
      assertThat(manager.isOpen()).isFalse();
    } finally {
      threads.shutdown();
    }
  }

  /** Of two listeners, each closes and waits for a thread that closes. */
  @Test
  @Timeout(60)
  void close_ofSeveralListenersAtOnceHangsNobody() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      SamplingListener waits =
          (done, planned) ->
              assertThat(threads.submit(model::close)).succeedsWithin(Duration.ofSeconds(30));
      List<Future<List<Sample>>> requests = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        requests.add(threads.submit(() -> model.generate(model.masked(1, 9), OPTIONS, waits)));
      }
      for (Future<List<Sample>> request : requests) {
        try {
          assertThat(request.get()).hasSize(1);
        } catch (ExecutionException e) {
          assertThat(e).hasRootCauseMessage("this model is closed"); // it began too late
        }
      }
      model.close();
      assertThat(manager.isOpen()).isFalse();
    } finally {
      threads.shutdown();
    }
  }
}
