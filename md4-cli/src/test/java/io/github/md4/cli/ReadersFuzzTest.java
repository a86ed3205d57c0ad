// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files of every kind that md4 reads. Each is read or refused in one line that names it:
 * nothing else is thrown, nothing hangs, and nothing takes memory that the file does not justify.
 *
 * <p>As many as fit into seconds; {@code scripts/fuzz.sh} runs more.
 */
@Tag("slow")
final class ReadersFuzzTest {
  private static final long SEED = Long.getLong("md4.fuzz.seed", 1);
  private static final int ROUNDS = Integer.getInteger("md4.fuzz.rounds", 4);

  /** The part of the files' names that are damaged; by default all are. */
  private static final String NAMES = System.getProperty("md4.fuzz.names", "");

  private static final long MOST_CPU_NANOS = 20_000_000_000L;

  /** Waiting without work is a hang, also beside many other programs. */
  private static final long MOST_NANOS = 300_000_000_000L;

  private static final long MOST_BYTES = 1L << 30;

  @TempDir private Path folder;

  private final List<String> failures = new ArrayList<>();

  @Test
  void damagedFile_isReadOrRefused() throws IOException {
    List<FuzzedFile> all = new ArrayList<>(new FuzzedModels(below("models")).all());
    all.addAll(new FuzzedData(below("data")).all());
    all.addAll(new FuzzedRecords(below("records")).all());
    all.removeIf(each -> !each.file().toString().contains(NAMES));
    readWhole(all);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      for (FuzzedFile each : all) {
        refused += isRefused(each, new SplittableRandom(SEED + round)) ? 1 : 0;
      }
    }
    readWhole(all); // no refusal was for what an earlier one left behind
    int count = ROUNDS * all.size();
    System.out.printf("%d damaged files of %d kinds, %d refused%n", count, all.size(), refused);
    assertThat(failures).isEmpty();
    assertThat(refused).isGreaterThan(count / 3);
  }

  private static void readWhole(List<FuzzedFile> all) throws IOException {
    for (FuzzedFile each : all) {
      each.reading().read(each.file());
    }
  }

  private Path below(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  private boolean isRefused(FuzzedFile fuzzed, SplittableRandom random) throws IOException {
    byte[] whole = Files.readAllBytes(fuzzed.file());
    byte[] damaged = new Mutations(random).of(whole);
    Files.write(fuzzed.file(), damaged);
    long start = System.nanoTime();
    long worked = cpuNanos();
    long bytes = allocated();
    try {
      fuzzed.reading().read(fuzzed.file());
      return false;
    } catch (InvalidDataException | InvalidConfigException e) {
      boolean isNamed = e.getMessage().contains(String.valueOf(fuzzed.file().getParent()));
      boolean isReasoned = !e.getMessage().contains("(null)") && !e.getMessage().endsWith("null");
      if (!isNamed || !isReasoned || e.getMessage().contains("\n")) {
        failures.add("%s: no reason in one line: %s".formatted(fuzzed.file(), e.getMessage()));
      }
      return true;
    } catch (RuntimeException | IOException | Error e) {
      StackTraceElement at = e.getStackTrace().length > 0 ? e.getStackTrace()[0] : null;
      failures.add("%s: %s at %s".formatted(kept(fuzzed, damaged), e, at));
      return false;
    } finally {
      if (isMuch(System.nanoTime() - start, cpuNanos() - worked, allocated() - bytes)) {
        failures.add(
            "%s took %.1f s, %.1f s of CPU, %d MiB"
                .formatted(
                    kept(fuzzed, damaged),
                    (System.nanoTime() - start) / 1e9,
                    (cpuNanos() - worked) / 1e9,
                    (allocated() - bytes) >> 20));
      }
      Files.write(fuzzed.file(), whole);
    }
  }

  private Path kept(FuzzedFile fuzzed, byte[] damaged) throws IOException {
    Path target = Files.createDirectories(Path.of("target", "fuzz"));
    return Files.write(
        target.resolve(failures.size() + "-" + fuzzed.file().getFileName()), damaged);
  }

  /** Returns whether a reading worked, waited or allocated too much. */
  private static boolean isMuch(long nanos, long worked, long bytes) {
    return worked > MOST_CPU_NANOS || nanos > MOST_NANOS || bytes > MOST_BYTES;
  }

  /** The work of all threads: other programs make it longer by the clock, but hardly more. */
  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
