// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A folder, or a pipe that nobody writes to, where a command wants a file: one line that names it,
 * whoever reads it, and no waiting.
 */
@Tag("exact")
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
final class FolderOrPipeTest {
  @TempDir private Path folder;

  static Stream<String> calls() {
    return Stream.of(
        "data tokens --vocabulary bytes --fractions 1,0 --out OUT --from NAME.bin",
        "data tokens --vocabulary bytes --fractions 1,0 --out OUT --from NAME.txt",
        "data tokens --vocabulary bytes --fractions 1,0 --out OUT --from NAME.jsonl",
        "data tokens --vocabulary bytes --fractions 1,0 --out OUT --from NAME.jsonl.gz",
        "data tokens --vocabulary bytes --fractions 1,0 --out OUT --from NAME.parquet",
        "data tokens --vocabulary NAME.json --fractions 1,0 --out OUT --from TEXT",
        "data text --vocabulary chars --out OUT --from NAME.txt",
        "data describe --vocabulary bytes --split train --file NAME.bin",
        "data images --out OUT --from NAME.bin --labels NAME.bin",
        "data images --out OUT --from NAME.npz --labels NAME.npz",
        "data images --out OUT --labels TEXT --from NAME.tar",
        "trace NAME.ndjson",
        "compare --first NAME.csv --second NAME.csv",
        "plot NAME.csv --out OUT.png",
        "config show --config NAME.yaml",
        "train --config NAME.yaml",
        "plan --config NAME.yaml",
        "bench train NAME.yaml",
        "quality --samples TEXT --reference NAME.bin",
        "quality --samples NAME.jsonl --reference DATA",
        "sample --device cpu --model MODEL --at 0.5 --reconstruct NAME.txt",
        "sample --device cpu --model MODEL --at 0.5 --distribution NAME.jsonl",
        "infill --device cpu --model MODEL --templates NAME.txt",
        "infill --device cpu --model MODEL --templates NAME.jsonl",
        "evaluate --device cpu --model MODEL --data NAME.bin",
        "evaluate generative --device cpu --scorer MODEL --samples NAME.jsonl",
        "evaluate fid --device cpu --samples DATA --reference DATA --features NAME.pt",
        "evaluate fid --device cpu --samples DATA --reference DATA --features NAME.safetensors");
  }

  private Ran refused(String line) throws IOException {
    Path data = folder.resolve("data");
    Path text = Files.writeString(folder.resolve("text.txt"), "abc de f ".repeat(90));
    if (line.contains("DATA")) {
      Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    }
    if (line.contains("MODEL")) {
      Path unused = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    }
    Ran ran =
        Ran.md4(
            Ran.words(
                line.replace("NAME", folder.resolve("named").toString())
                    .replace("OUT", folder.resolve("out.png").toString())
                    .replace("TEXT", text.toString())
                    .replace("DATA", data.resolve("valid.bin").toString())
                    .replace("MODEL", folder.resolve("model").toString())));
    assertThat(ran.code()).as(ran.err()).isIn(ExitCodes.USAGE, ExitCodes.DATA);
    assertThat(ran.err()).startsWith("md4: ").contains("named.").hasLineCount(1);
    return ran;
  }

  /** Returns the name of what is no file. */
  private static String named(String line) {
    return line.replaceFirst(".*NAME", "named").replaceFirst(" .*", "");
  }

  @ParameterizedTest
  @MethodSource("calls")
  void folder_isRefusedByName(String line) throws IOException {
    Files.createDirectories(folder.resolve(named(line)));
    Ran unused = refused(line);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void pipe_isRefusedByName(String line) throws Exception {
    Path unused = pipe(named(line));
    assertThat(refused(line).err()).contains(": is a pipe or a device; name a file");
  }

  private Path pipe(String name) throws IOException, InterruptedException {
    Path pipe = folder.resolve(name);
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(made.waitFor(10, TimeUnit.SECONDS) && made.exitValue() == 0, "no mkfifo");
    return pipe;
  }

  /** What a shell hands over by {@code <(...)} has a writer. */
  @Test
  void openPipe_isRead() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/fd")), "no /dev/fd");
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    Path pipe = pipe("templates");
    Process writer =
        new ProcessBuilder(
                "sh", "-c", "exec 3> \"$0\"; printf 'ab[MASK]\\n' >&3; sleep 1", pipe.toString())
            .inheritIO()
            .start();
    try (InputStream in = Files.newInputStream(pipe)) {
      assertThat(in).isNotNull(); // it holds the pipe open
      Path open = handedOver(pipe);
      Ran ran =
          Ran.md4(
              Ran.words(
                  "infill --device cpu --steps 2 --model", model, "--templates", open.toString()));
      assertThat(ran.succeeded().out()).contains("ab");
    }
    assertThat(writer.waitFor()).isZero();
  }

  private static Path handedOver(Path pipe) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(each -> isSame(each, pipe)).findFirst().orElseThrow();
    }
  }

  private static boolean isSame(Path open, Path pipe) {
    try {
      return Files.isSameFile(open, pipe);
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }
}
