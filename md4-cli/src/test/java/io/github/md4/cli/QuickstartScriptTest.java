// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code scripts/quickstart.sh} around a program that only says how it was called. */
@Tag("exact")
final class QuickstartScriptTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String TRY_NEXT = "== What to try next";

  @TempDir private Path folder;
  private Path md4;

  @BeforeEach
  void writeProgram() throws IOException {
    md4 = folder.resolve("md4");
    Files.writeString(
        md4,
        """
        #!/bin/sh
        echo "$1 $MD4_NO_NEXT" >>'%s/calls'
        [ "$1" != evaluate ] || echo "bits per word"
        """
            .formatted(folder));
    Files.setPosixFilePermissions(md4, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Runs the script; returns what it prints, as where nothing is chosen by the environment. */
  private List<String> printed() throws Exception {
    return ended(0, Map.of("MD4", md4.toString()))
        .replace(md4.toString(), "bin/md4")
        .replace(folder.resolve("run").toString(), "runs/quickstart")
        .lines()
        .toList();
  }

  /** Runs the script to its end of this code; returns what it prints. */
  private String ended(int code, Map<String, String> environment, String... options)
      throws Exception {
    Path out = folder.resolve("out");
    List<String> words = new ArrayList<>(List.of("sh", "" + ROOT.resolve("scripts/quickstart.sh")));
    words.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().putAll(environment);
    builder.environment().put("RUN", folder.resolve("run").toString());
    builder.environment().put("DATA", folder.resolve("data").toString());
    builder.environment().remove("MD4_NO_NEXT");
    Process process = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("has ended").isTrue();
    String text = Files.readString(out);
    assertThat(process.exitValue()).as(text).isEqualTo(code);
    return text;
  }

  private String refused(String... options) throws Exception {
    String line = ended(2, Map.of("MD4", md4.toString()), options);
    assertThat(line).startsWith("scripts/quickstart.sh: ").hasLineCount(1);
    assertThat(folder.resolve("calls")).doesNotExist();
    return line;
  }

  @Test
  void words_thatAreNoOptionsOfATrainingAreRefused() throws Exception {
    assertThat(refused("foo")).contains("not 'foo'");
    assertThat(refused("--set", "training.steps=3", "--step=3")).contains("not '--step=3'");
    assertThat(refused("--threads", "1", "--set")).contains("--set needs a value");
  }

  /** They would have no effect, so the script does not go on as if they had. */
  @Test
  void options_ofAFinishedRunAreRefused() throws Exception {
    Files.createDirectories(folder.resolve("run/model"));
    assertThat(refused("--set", "training.steps=200"))
        .contains("run is finished, and options are for a new run")
        .contains("RUN=runs/another scripts/quickstart.sh --set training.steps=200");
    assertThat(printed()).isNotEmpty();
  }

  @Test
  void options_reachTheTraining() throws Exception {
    String text = Files.readString(md4).replace("$1 $MD4_NO_NEXT", "$*");
    Files.writeString(md4, text);
    String[] options = {"--set", "a=b c", "--set=d=e", "--threads=2", "--device", "cpu"};
    assertThat(ended(0, Map.of("MD4", md4.toString()), options)).isNotEmpty();
    assertThat(Files.readAllLines(folder.resolve("calls")).get(1))
        .endsWith(" " + String.join(" ", options))
        .doesNotContain("--threads 1");
  }

  @Test
  void buildThatFails_isToldInTheLastLine() throws Exception {
    Path mvn = Files.writeString(folder.resolve("mvn"), "#!/bin/sh\necho 'a reason'\nexit 1\n");
    Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
    String path = folder + ":" + System.getenv("PATH");
    assertThat(ended(1, Map.of("MD4", "", "PATH", path)))
        .endsWith(
            "a reason\nscripts/quickstart.sh: the build failed; what Maven says of it is above\n");
  }

  @Test
  void commands_doNotSayWhatToTypeNext() throws Exception {
    assertThat(printed()).isNotEmpty();
    assertThat(Files.readAllLines(folder.resolve("calls")))
        .containsExactly(
            "data 1", "train 1", "evaluate 1", "sample 1", "sample 1", "trace 1", "infill 1");
  }

  /** Returns the headings, and all lines from the last heading on. */
  private static List<String> frame(List<String> lines) {
    int last = lines.indexOf(TRY_NEXT);
    assertThat(last).isNotNegative();
    List<String> frame = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (i >= last || lines.get(i).startsWith("== ")) {
        frame.add(lines.get(i));
      }
    }
    return frame;
  }

  @Test
  void page_hasTheHeadingsAndTheEndOfTheScript() throws Exception {
    List<String> printed = printed();
    List<String> page = Files.readAllLines(ROOT.resolve("docs/quickstart.md"));
    int first =
        page.indexOf("== Its score on held-out text, beside the floor that no model can beat");
    assertThat(first).isNotNegative();
    int end = first + page.subList(first, page.size()).indexOf("```");
    int afterTraining = printed.indexOf(page.get(first));
    assertThat(afterTraining).as("%s", printed).isNotNegative();
    assertThat(frame(page.subList(first, end)))
        .isEqualTo(frame(printed.subList(afterTraining, printed.size())));
  }
}
