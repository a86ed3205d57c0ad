// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.model.AtomicWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class CheckpointsTest {
  @TempDir Path folder;

  private static void content(Path target) throws IOException {
    Files.writeString(target.resolve("file"), "content");
  }

  private List<Long> steps() throws IOException {
    return Checkpoints.in(folder).stream().map(Checkpoints.Checkpoint::step).toList();
  }

  @Test
  void write_keepsTheLastAndEveryNth() throws IOException {
    Checkpoints checkpoints = new Checkpoints(folder, 2, 30);
    for (long step = 10; step <= 100; step += 10) {
      assertThat(checkpoints.write(step, CheckpointsTest::content)).isDirectory();
    }
    assertThat(steps()).containsExactly(30L, 60L, 90L, 100L);
  }

  @Test
  void write_thatFailsLeavesWhatWasThere() throws IOException {
    Checkpoints checkpoints = new Checkpoints(folder, 1, 0);
    assertThat(checkpoints.write(9, CheckpointsTest::content)).isDirectory();
    assertThatThrownBy(
            () ->
                checkpoints.write(
                    10,
                    target -> {
                      content(target);
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class);
    assertThat(steps()).containsExactly(9L);
    try (var entries = Files.list(folder)) {
      assertThat(entries).hasSize(1);
    }
  }

  @Test
  void write_takesTheNameOfWhatItDeletesAwayFirst() throws IOException {
    Checkpoints checkpoints = new Checkpoints(folder, 1, 0);
    assertThat(checkpoints.write(9, CheckpointsTest::content)).isDirectory();
    Files.createDirectories(folder.resolve(".del-step-9/rest of a process that was killed"));
    assertThat(checkpoints.write(10, CheckpointsTest::content)).isDirectory();
    try (var entries = Files.list(folder)) {
      assertThat(entries).containsExactly(folder.resolve("step-10"));
    }
    Files.createDirectories(folder.resolve(".del-step-8/file"));
    AtomicWrite.recover(folder);
    assertThat(folder.resolve(".del-step-8")).doesNotExist();
  }

  @Test
  void latest_isByNumberAndIgnoresWhatIsNone() throws IOException {
    for (String name : List.of("step-9", "step-10", "step-x", ".tmp-step-11")) {
      Files.createDirectory(folder.resolve(name));
    }
    Files.writeString(folder.resolve("step-99"), "a file");
    assertThat(Checkpoints.latest(folder).orElseThrow().step()).isEqualTo(10);
    assertThat(Checkpoints.latest(folder.resolve("absent"))).isEmpty();
  }

  /** A training deletes old ones while others look. */
  @Test
  void in_leavesOutWhatGoesMeanwhile(@TempDir Path place) throws Exception {
    Files.createDirectories(place.resolve("step-1"));
    AtomicBoolean isOver = new AtomicBoolean();
    Thread training =
        new Thread(
            () -> {
              Path old = place.resolve("step-2");
              while (!isOver.get()) {
                assertThat(old.toFile().mkdir()).isTrue();
                assertThat(old.toFile().delete()).isTrue();
              }
            });
    training.start();
    try {
      for (int i = 0; i < 5000; i++) {
        assertThat(Checkpoints.in(place).get(0).step()).isEqualTo(1);
      }
    } finally {
      isOver.set(true);
      training.join();
    }
  }
}
