// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Memory;
import io.github.md4.core.internal.cuda.KernelCache.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels kept on disk, with a compiler that needs no GPU: its code is the text itself. */
@Tag("exact")
@Timeout(60)
final class KernelCacheTest {
  private static final Text TEXT = new Text("compiler 1", "source", List.of("-DA=1", "-DB=2"));
  private static final int PROCESSES = 3;

  @TempDir private Path parent;

  private final AtomicInteger compilations = new AtomicInteger();
  private final List<String> messages = Collections.synchronizedList(new ArrayList<>());

  private Path folder() {
    return parent.resolve("a").resolve("kernels");
  }

  private KernelCache cache() {
    return new KernelCache(folder(), messages::add);
  }

  private static byte[] codeOf(Text text) {
    return text.toString().repeat(100).getBytes(StandardCharsets.UTF_8);
  }

  private byte[] compiled(Text text) {
    compilations.incrementAndGet();
    return codeOf(text);
  }

  private byte[] ask(KernelCache cache, Text text) {
    return cache.code(text, () -> compiled(text));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.sorted().toList();
    }
  }

  @Test
  void code_isCompiledOnceForAllProcesses() throws IOException {
    assertThat(ask(cache(), TEXT)).isEqualTo(codeOf(TEXT));
    assertThat(ask(cache(), TEXT)).isEqualTo(codeOf(TEXT));
    assertThat(compilations).hasValue(1);
    assertThat(files()).hasSize(1);
    assertThat(messages).isEmpty();
  }

  @Test
  void code_isOfItsText() throws IOException {
    List<Text> texts =
        List.of(
            TEXT,
            new Text("compiler 2", "source", List.of("-DA=1", "-DB=2")),
            new Text("compiler 1", "source ", List.of("-DA=1", "-DB=2")),
            new Text("compiler 1", "source", List.of("-DA=1", "-DB=3")),
            new Text("compiler 1", "source", List.of("-DA=1-DB=2")),
            new Text("compiler 1", "source-DA=1", List.of("-DB=2")),
            new Text("compiler 1", "source", List.of("-DB=2", "-DA=1")));
    for (int round = 0; round < 2; round++) {
      for (Text text : texts) {
        assertThat(ask(cache(), text)).isEqualTo(codeOf(text));
      }
    }
    assertThat(compilations).hasValue(texts.size());
    assertThat(files()).hasSize(texts.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty", "cut", "longer", "bit", "format", "other"})
  void damagedFile_isCompiledAgainAndReplaced(String damage) throws IOException {
    byte[] unused = ask(cache(), TEXT);
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    Files.delete(file);
    switch (damage) {
      case "empty" -> Files.createFile(file);
      case "cut" -> Files.write(file, Arrays.copyOf(whole, whole.length - 1));
      case "longer" -> Files.write(file, Arrays.copyOf(whole, whole.length + 1));
      case "bit" -> {
        byte[] other = whole.clone();
        other[other.length / 2] ^= 1;
        Files.write(file, other);
      }
      case "format" -> {
        byte[] other = whole.clone();
        other[0] ^= 1;
        Files.write(file, other);
      }
      case "other" -> {
        Text text = new Text("compiler 1", "other", List.of());
        byte[] ignored = ask(cache(), text);
        Files.move(files().get(0), file, StandardCopyOption.REPLACE_EXISTING);
        compilations.decrementAndGet();
      }
      default -> throw new IllegalArgumentException(damage);
    }
    assertThat(ask(cache(), TEXT)).isEqualTo(codeOf(TEXT));
    assertThat(compilations).hasValue(2);
    assertThat(ask(cache(), TEXT)).isEqualTo(codeOf(TEXT));
    assertThat(compilations).hasValue(2);
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    assertThat(files()).hasSize(1);
    assertThat(messages).isEmpty();
  }

  /** A file stands where the folder would be: nobody can write there, not even root. */
  @Test
  void folderThatCannotBe_costsOneLine() throws IOException {
    Path file = Files.createFile(parent.resolve("a"));
    KernelCache cache = cache();
    for (int i = 0; i < 2; i++) {
      assertThat(ask(cache, TEXT)).isEqualTo(codeOf(TEXT));
    }
    assertThat(compilations).hasValue(2);
    assertThat(messages)
        .singleElement()
        .asString()
        .startsWith("compiled kernels cannot be kept in " + folder());
    assertThat(file).isEmptyFile();
    assertThat(KernelCache.contents(folder())).isEqualTo(new KernelCache.Contents(0, 0));
  }

  @Test
  void failedCompilation_leavesNothing() {
    KernelCache cache = cache();
    assertThatThrownBy(
            () ->
                cache.code(
                    TEXT,
                    () -> {
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");
    assertThat(folder()).isEmptyDirectory();
  }

  @Test
  void leastRecentlyUsedFiles_makeRoom() throws IOException {
    KernelCache small = new KernelCache(folder(), 3, messages::add);
    Text second = new Text("compiler 1", "second", List.of());
    for (String source : List.of("first", "second", "third")) {
      byte[] unused = ask(small, new Text("compiler 1", source, List.of()));
    }
    Instant past = Instant.now().minus(Duration.ofDays(3));
    for (Path file : files()) {
      Files.setLastModifiedTime(file, FileTime.from(past));
    }
    Path abandoned = Files.createFile(folder().resolve("x.part"));
    Files.setLastModifiedTime(abandoned, FileTime.from(past));
    Path beingWritten = Files.createFile(folder().resolve("y.part"));
    byte[] used = ask(small, second);
    byte[] fourth = ask(small, new Text("compiler 1", "fourth", List.of()));
    byte[] fifth = ask(small, new Text("compiler 1", "fifth", List.of()));
    assertThat(compilations).hasValue(5);
    assertThat(ask(small, second)).isEqualTo(used);
    assertThat(compilations).hasValue(5);
    assertThat(KernelCache.contents(folder()).entries()).isEqualTo(3);
    assertThat(KernelCache.contents(folder()).bytes())
        .isGreaterThan(used.length + fourth.length + fifth.length)
        .isLessThan(used.length + fourth.length + fifth.length + 300);
    assertThat(abandoned).doesNotExist();
    assertThat(beingWritten).exists();
  }

  /** Other processes, which write and read the same entries while this one does. */
  @Test
  void processes_neverSeeHalfAFile() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int p = 0; p < PROCESSES; p++) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writing.class.getName(),
                  folder().toString())
              .redirectErrorStream(true)
              .start());
    }
    Writing.main(folder().toString());
    for (Process process : processes) {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(said).isZero();
    }
    assertThat(files()).hasSize(Writing.TEXTS);
  }

  /** A process that asks for a few entries again and again, and removes some. */
  static final class Writing {
    private static final int TEXTS = 3;
    private static final int ROUNDS = 200;

    private Writing() {}

    public static void main(String... arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      KernelCache cache =
          new KernelCache(
              folder,
              message -> {
                throw new IllegalStateException(message);
              });
      for (int round = 0; round < ROUNDS; round++) {
        Text text = new Text("compiler 1", "source " + round % TEXTS, List.of());
        byte[] code = cache.code(text, () -> codeOf(text));
        if (!Arrays.equals(code, codeOf(text))) {
          throw new IllegalStateException("half a file");
        }
        if (round < ROUNDS - TEXTS && round % 5 == 0) {
          try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".cubin")).toList()) {
              Files.deleteIfExists(file);
            }
          }
        }
      }
    }
  }

  @Test
  void threads_shareOneCompilation() {
    KernelCompiler compiler = new KernelCompiler(cache(), messages::add);
    Set<Memory> found = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 16).parallel().forEach(i -> found.add(compiler.code(TEXT, this::compiled)));
    assertThat(found)
        .singleElement()
        .satisfies(code -> assertThat(bytes(code)).isEqualTo(codeOf(TEXT)));
    assertThat(compilations).hasValue(1);
  }

  private static byte[] bytes(Memory memory) {
    return memory.getByteArray(0, (int) memory.size());
  }

  @Test
  void prepared_areCompiledSideBySide() throws InterruptedException {
    KernelCompiler compiler = new KernelCompiler(cache(), messages::add);
    CountDownLatch bothBegan = new CountDownLatch(2);
    Text other = new Text("compiler 1", "other", List.of());
    for (Text text : List.of(TEXT, other, TEXT)) {
      compiler.prepare(
          text,
          wanted -> {
            bothBegan.countDown();
            try {
              assertThat(bothBegan.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return compiled(wanted);
          });
    }
    for (Text text : List.of(TEXT, other)) {
      assertThat(bytes(compiler.code(text, this::compiled))).isEqualTo(codeOf(text));
    }
    assertThat(compilations).hasValue(2);
  }

  /** Waiting for what is on disk, or was compiled before, or cannot be kept, does not count. */
  @Test
  void secondsOfCompilation_areThoseThatTheNextProcessIsSpared() throws IOException {
    KernelCompiler first = new KernelCompiler(cache(), messages::add);
    assertThat(first.secondsOfCompilation()).isZero();
    assertThat(bytes(first.code(TEXT, this::slowly))).isEqualTo(codeOf(TEXT));
    double seconds = first.secondsOfCompilation();
    assertThat(seconds).isGreaterThanOrEqualTo(0.05);
    assertThat(bytes(first.code(TEXT, this::slowly))).isEqualTo(codeOf(TEXT));
    assertThat(first.secondsOfCompilation()).isEqualTo(seconds);
    KernelCompiler second = new KernelCompiler(cache(), messages::add);
    assertThat(bytes(second.code(TEXT, this::slowly))).isEqualTo(codeOf(TEXT));
    assertThat(second.secondsOfCompilation()).isZero();
    Path none = Files.createFile(parent.resolve("none"));
    KernelCompiler unkept = new KernelCompiler(new KernelCache(none, messages::add), messages::add);
    assertThat(bytes(unkept.code(TEXT, this::slowly))).isEqualTo(codeOf(TEXT));
    assertThat(unkept.secondsOfCompilation()).isZero();
    assertThat(compilations).hasValue(2);
  }

  private byte[] slowly(Text text) {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return compiled(text);
  }

  @Test
  void failure_isTheCallersAndIsTriedAgain() {
    KernelCompiler compiler = new KernelCompiler(cache(), messages::add);
    assertThatThrownBy(
            () ->
                compiler.code(
                    TEXT,
                    text -> {
                      throw new IllegalStateException("no");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no");
    assertThat(bytes(compiler.code(TEXT, this::compiled))).isEqualTo(codeOf(TEXT));
  }

  @Test
  void slowCompilation_isAnnouncedWhileItRunsAndOnce() {
    KernelCompiler compiler = new KernelCompiler(cache(), 1, messages::add);
    for (String source : List.of("one", "two")) {
      Text slow = new Text("compiler 1", source, List.of());
      byte[] unused =
          bytes(
              compiler.code(
                  slow,
                  text -> {
                    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                    while (messages.isEmpty() && System.nanoTime() < end) {
                      Thread.onSpinWait();
                    }
                    return codeOf(text);
                  }));
    }
    assertThat(messages).containsExactly("compiling kernels for this GPU, once");
    KernelCompiler quick = new KernelCompiler(cache(), 60_000, messages::add);
    assertThat(bytes(quick.code(TEXT, this::compiled))).isEqualTo(codeOf(TEXT));
    assertThat(messages).hasSize(1);
  }
}
