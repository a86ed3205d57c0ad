// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.Main;
import io.github.md4.cli.Ran;
import io.github.md4.cli.TinyModel;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class CheckpointWatchTest {
  private static final int PATIENCE_SECONDS = 30;
  private static final int POLL_MILLIS = 20;

  @TempDir private Path folder;
  private RunFolder run;
  private Path data;
  private Checkpoints checkpoints;

  @BeforeEach
  void prepare() throws IOException {
    Path text = Files.writeString(folder.resolve("data.txt"), " abcdef".repeat(101));
    Object[] args = words("data text --vocabulary chars --fractions 1,0 --from", text, "--out");
    md4(Stream.concat(Stream.of(args), Stream.of(folder.resolve("data"))).toArray()).check();
    data = folder.resolve("data/train.bin");
    run = new RunFolder(Files.createDirectory(folder.resolve("run")));
    checkpoints = new Checkpoints(run.checkpoints(), 100, 0);
  }

  private void addCheckpoint(long step) throws IOException {
    Path unused =
        checkpoints.write(
            step, target -> TinyModel.OF_SEVEN.writeCheckpoint(target, step, step + 1));
  }

  private void finish() throws IOException {
    Path unused = TinyModel.OF_SEVEN.write(run.model(), 1);
  }

  private Object[] watch(String options) {
    return words("evaluate --device cpu " + options, "--watch", run.path(), "--data", data);
  }

  private static List<Long> steps(Ran ran) {
    return ran.jsonLines().stream().map(line -> line.path("step").asLong()).toList();
  }

  /** A watch that runs beside the test. */
  private record Running(StringWriter out, StringWriter err, CompletableFuture<Integer> code) {
    static Running start(Object... args) {
      String[] texts = Stream.of(args).map(Object::toString).toArray(String[]::new);
      StringWriter out = new StringWriter();
      StringWriter err = new StringWriter();
      return new Running(
          out,
          err,
          CompletableFuture.supplyAsync(
              () -> Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), texts)));
    }

    void awaitLines(int count) throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (out.toString().lines().count() < count && System.nanoTime() < end) {
        Thread.sleep(POLL_MILLIS);
      }
      assertThat(out.toString()).hasLineCount(count);
    }

    Ran end() throws Exception {
      int exit = code.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return new Ran(exit, out.toString(), err.toString(), "", "");
    }
  }

  @Test
  void checkpoints_areScoredAsTheyAppearUntilTheRunIsFinished() throws Exception {
    addCheckpoint(10);
    addCheckpoint(9);
    Running watch = Running.start(watch("--json"));
    watch.awaitLines(2);
    addCheckpoint(11);
    watch.awaitLines(3);
    assertThat(watch.code()).isNotDone();
    addCheckpoint(100);
    finish();
    Ran ran = watch.end().succeeded();
    assertThat(steps(ran)).containsExactly(9L, 10L, 11L, 100L);
  }

  @Test
  void line_saysWhatTheCheckpointAloneGets() throws IOException {
    addCheckpoint(7);
    finish();
    Path checkpoint = run.checkpoints().resolve("step-7");
    Object[] single =
        words("evaluate --device cpu --json --steps 5", "--model", checkpoint, "--data", data);
    JsonNode expected = md4(single).succeeded().json();
    JsonNode json = md4(watch("--json --steps 5")).succeeded().json();
    assertThat(json.path("bitsPerToken")).isEqualTo(expected.path("bitsPerToken"));
    assertThat(json.path("model")).isEqualTo(expected.path("model"));
    assertThat(md4(watch("--steps 5")).succeeded().out())
        .matches(
            "step 7: %.4f \\+- 0\\.[0-9]+ bits per character, %.4f \\+- %.4f nats per token,"
                    .formatted(
                        expected.path("bitsPerToken").asDouble(),
                        expected.path("natsPerToken").asDouble(),
                        expected.path("natsPerTokenStandardError").asDouble())
                + " perplexity %.4f \\+- [0-9.]+\n"
                    .formatted(expected.path("perplexity").asDouble()));
  }

  @Test
  void every_leavesOutOtherSteps() throws IOException {
    for (int step : new int[] {5, 7, 10, 15}) {
      addCheckpoint(step);
    }
    finish();
    assertThat(steps(md4(watch("--json --every 5")).succeeded())).containsExactly(5L, 10L, 15L);
  }

  @Test
  void timeLimit_endsTheWatchOfARunThatGoesOn() throws IOException {
    addCheckpoint(3);
    Ran ran = md4(watch("--json --time-limit 2s"));
    assertThat(ran.code()).isZero();
    assertThat(steps(ran)).containsExactly(3L);
    assertThat(ran.err()).isEqualTo("md4: the time limit ends the watch, after 1 checkpoint\n");
  }

  @Test
  void checkpoint_deletedWhileItIsReadIsSkipped() throws Exception {
    for (int step : new int[] {4, 5, 6}) {
      addCheckpoint(step);
    }
    // A deletion takes the files one by one and the folder last.
    Path deleted = run.checkpoints().resolve("step-5");
    Files.delete(deleted.resolve("ema.safetensors"));
    Running watch = Running.start(watch("--json"));
    watch.awaitLines(1); // so all three are listed
    for (String file : new String[] {"model.safetensors", "config.json", "tokenizer.json"}) {
      Files.delete(deleted.resolve(file));
    }
    Files.delete(deleted);
    finish();
    Ran ran = watch.end();
    assertThat(ran.code()).isZero();
    assertThat(steps(ran)).containsExactly(4L, 6L);
    assertThat(ran.err()).isEqualTo("md4: step 5 was deleted before it was read; skipped\n");
  }

  @Test
  void checkpoint_thatIsDamagedEndsTheWatch() throws IOException {
    addCheckpoint(5);
    Path average = run.checkpoints().resolve("step-5/ema.safetensors");
    Files.write(average, new byte[3]);
    md4(watch("")).failed(3, "ema.safetensors: ");
  }

  @Test
  void run_thatIsNoneIsRefused() {
    md4("evaluate", "--watch", folder.resolve("none"), "--data", data)
        .failed(3, "none: no such folder; name the folder of a run");
    md4("evaluate", "--device", "gpu:99", "--watch", run.path(), "--data", data)
        .failed(4, "no GPU is there: ");
  }

  @Test
  void usage_isOneLine() {
    md4(watch("--every 0")).failed(2, "'--every': must be at least 1: 0");
    md4(watch("--time-limit 3d")).failed(2, "a time must be written like 2h, 30m or 90s: 3d");
    md4(watch("--time-limit")).failed(2, "--time-limit");
  }
}
