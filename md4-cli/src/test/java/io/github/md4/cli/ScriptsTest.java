// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launch scripts, around programs that only say how they were called. */
@Tag("exact")
final class ScriptsTest {
  private static final Path SCRIPTS = Path.of("..", "scripts").toAbsolutePath().normalize();

  /** Ends with the codes in the file codes, one a call; {@code wait} waits for SIGTERM. */
  private static final String MD4 =
      """
      #!/bin/sh
      echo "md4 $* gpu=${CUDA_VISIBLE_DEVICES:-}" >>calls
      code=$(head -n 1 codes)
      sed -i 1d codes
      if [ "$code" = wait ]; then
        trap 'echo saved >>calls; exit 130' TERM
        echo waiting >>calls
        while :; do sleep 0.05; done
      fi
      exit "$code"
      """;

  @TempDir Path folder;

  @BeforeEach
  void prepare() throws IOException {
    program("md4", MD4);
    program("scontrol", "#!/bin/sh\necho \"scontrol $*\" >>calls\n");
    Files.createSymbolicLink(folder.resolve("scripts"), SCRIPTS);
  }

  private void program(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void codes(Object... codes) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Object code : codes) {
      lines.add(code.toString());
    }
    Files.write(folder.resolve("codes"), lines);
  }

  private List<String> calls() throws IOException {
    Path file = folder.resolve("calls");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  private Process start(Map<String, String> environment, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("MD4", folder.resolve("md4").toString());
    builder.environment().put("MD4_PAUSE", "0");
    builder.environment().merge("PATH", folder + ":", (path, first) -> first + path);
    builder.environment().putAll(environment);
    return builder.redirectErrorStream(true).redirectOutput(folder.resolve("out").toFile()).start();
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("has ended").isTrue();
    return process.exitValue();
  }

  private String out() throws IOException {
    return Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
  }

  private void awaitCall(String line) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!calls().contains(line)) {
      assertThat(System.nanoTime()).as(line).isLessThan(end);
      Thread.sleep(10);
    }
  }

  private static void signal(Process process, String name)
      throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid()).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }

  @Test
  void supervise_startsAsManyProcessesAsItIsTold() throws Exception {
    codes(1, 0);
    Process process =
        start(Map.of("MD4_PROCESSES", "3"), "scripts/supervise.sh", "a b.yaml", "--set", "x=y z");
    assertThat(exitCode(process)).isZero();
    assertThat(calls())
        .hasSize(2)
        .containsOnly(
            "md4 launch --processes 3 -- train --config a b.yaml --resume-or-start --set x=y z gpu=");
  }

  @Test
  void slurmParts_numbersThePartByTheArray() throws Exception {
    codes(0);
    Map<String, String> array = Map.of("SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_COUNT", "8");
    Process process =
        start(array, "scripts/slurm-parts.sh", "parts", "evaluate", "a run", "--json");
    assertThat(exitCode(process)).isZero();
    assertThat(calls())
        .containsExactly("md4 evaluate a run --json --part 2/8 --part-out parts/part-2 gpu=");
  }

  @Test
  void supervise_goesOnAfterCrashes() throws Exception {
    codes(139, 4, 0);
    Process process = start(Map.of(), "scripts/supervise.sh", "a b.yaml", "--set", "x=y z");
    assertThat(exitCode(process)).isZero();
    assertThat(calls())
        .hasSize(3)
        .containsOnly("md4 train --config a b.yaml --resume-or-start --set x=y z gpu=");
    assertThat(out()).contains("a b.yaml has ended with 139; going on in 0 s");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3, 5, 130})
  void supervise_leavesItAtAnEndThatIsNoCrash(int code) throws Exception {
    codes(code, 0);
    assertThat(exitCode(start(Map.of(), "scripts/supervise.sh", "a.yaml"))).isEqualTo(code);
    assertThat(calls()).hasSize(1);
  }

  @Test
  void supervise_givesUpWhereNoTryLives() throws Exception {
    codes(1, 1, 134, 0);
    Process process = start(Map.of("MD4_RESTARTS", "2"), "scripts/supervise.sh", "a.yaml");
    assertThat(exitCode(process)).isEqualTo(134);
    assertThat(calls()).hasSize(3);
    assertThat(out()).contains("a.yaml has ended with 134 3 times in a row; giving up");
  }

  @Test
  void supervise_countsAnewAfterATryThatLived() throws Exception {
    codes(1, 1, 1, 1, 0);
    Map<String, String> environment = Map.of("MD4_RESTARTS", "1", "MD4_STEADY", "0");
    assertThat(exitCode(start(environment, "scripts/supervise.sh", "a.yaml"))).isZero();
    assertThat(calls()).hasSize(5);
  }

  @Test
  void supervise_handsSigtermOn_andWaitsForTheCheckpoint() throws Exception {
    codes("wait", 0);
    Process process = start(Map.of(), "scripts/supervise.sh", "a.yaml");
    awaitCall("waiting");
    signal(process, "TERM");
    assertThat(exitCode(process)).isEqualTo(130);
    assertThat(calls()).endsWith("saved").hasSize(3);
  }

  @Test
  void supervise_endsInItsPauseToo() throws Exception {
    codes(1, 0);
    Process process = start(Map.of("MD4_PAUSE", "600"), "scripts/supervise.sh", "a.yaml");
    while (!out().contains("going on in")) {
      Thread.sleep(10);
    }
    signal(process, "TERM");
    assertThat(exitCode(process)).isEqualTo(130);
    assertThat(calls()).hasSize(1);
  }

  /** As Slurm does: a copy of the script, in a folder of its own. */
  private Process batch(String... arguments) throws IOException {
    return batchOf("slurm.sh", arguments);
  }

  private Process batchOf(String script, String... arguments) throws IOException {
    Path spool = Files.createDirectories(folder.resolve("spool"));
    Path copy = Files.copy(SCRIPTS.resolve(script), spool.resolve("slurm_script"));
    List<String> command = new ArrayList<>(List.of("bash", copy.toString()));
    command.addAll(List.of(arguments));
    return start(
        Map.of("SLURM_JOB_ID", "4711", "SLURM_SUBMIT_DIR", folder.toString()),
        command.toArray(String[]::new));
  }

  @Test
  void slurm_savesAndGoesBackIntoTheQueueBeforeItsTimeIsOver() throws Exception {
    codes("wait");
    Process process = batch("a.yaml", "--set", "x=1");
    awaitCall("waiting");
    signal(process, "USR1");
    assertThat(exitCode(process)).isEqualTo(130);
    assertThat(calls())
        .containsExactly(
            "md4 train --config a.yaml --resume-or-start --set x=1 gpu=",
            "waiting",
            "saved",
            "scontrol requeue 4711");
  }

  @Test
  void slurm_savesAndEndsWhereItIsCancelled() throws Exception {
    codes("wait");
    Process process = batch("a.yaml");
    awaitCall("waiting");
    signal(process, "TERM");
    assertThat(exitCode(process)).isEqualTo(130);
    assertThat(calls()).endsWith("saved").hasSize(3);
  }

  /** Returns once the task has ended, as where a training saves faster than Slurm answers. */
  private static final String SCANCEL =
      """
      #!/bin/sh
      echo "scancel $*" >>calls
      kill -TERM "$(cat task)"
      while kill -0 "$(cat task)" 2>/dev/null; do sleep 0.01; done
      """;

  /** SIGTERM to srun itself would end its tasks before they have saved. */
  @Test
  void slurmNodes_hasSlurmSignalTheTasks_andGoesBackIntoTheQueue() throws Exception {
    program(
        "srun", "#!/bin/sh\necho \"srun $1 $2 $3\" >>calls\nshift 3\necho $$ >task\nexec \"$@\"\n");
    program("scancel", SCANCEL);
    codes("wait");
    Process process = batchOf("slurm-nodes.sh", "a.yaml");
    awaitCall("waiting");
    signal(process, "TERM"); // as for a job that is cancelled, whose tasks hear of it themselves
    signal(process, "USR1");
    assertThat(exitCode(process)).isEqualTo(130);
    assertThat(calls())
        .containsExactly(
            "srun --label --wait=60 --cpus-per-task=1",
            "md4 train --config a.yaml --resume-or-start gpu=",
            "waiting",
            "scancel --signal=TERM 4711",
            "saved",
            "scontrol requeue 4711");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5})
  void slurm_endsWithTheRun(int code) throws Exception {
    codes(code);
    assertThat(exitCode(batch("a.yaml"))).isEqualTo(code);
    assertThat(calls()).hasSize(1);
  }

  @Test
  void slurm_asksForASignalToItsShellInTime() throws IOException {
    assertThat(SCRIPTS.resolve("slurm.sh"))
        .content()
        .contains("#SBATCH --signal=B:USR1@180\n", "#SBATCH --requeue\n", "#SBATCH --gres=gpu:1\n");
  }

  @Test
  void node_startsEachConfigOnAGpuOfItsOwn_andReturns() throws Exception {
    codes(0, 0);
    Process process = start(Map.of("GPUS", "5 3"), "scripts/node.sh", "c/a.yaml", "c/b.yaml");
    assertThat(exitCode(process)).isZero();
    assertThat(out().lines().map(line -> line.replaceFirst("\\d+", "N")))
        .containsExactly(
            "process N: c/a.yaml on GPU 5, logs/a.log", "process N: c/b.yaml on GPU 3, logs/b.log");
    awaitCall("md4 train --config c/a.yaml --resume-or-start gpu=5");
    awaitCall("md4 train --config c/b.yaml --resume-or-start gpu=3");
    assertThat(folder.resolve("logs/a.log")).isEmptyFile();
  }

  @Test
  void node_takesTheFirstGpus_andWantsOneForEach() throws Exception {
    codes(0, 0);
    assertThat(exitCode(start(Map.of(), "scripts/node.sh", "a.yaml", "b.yaml"))).isZero();
    awaitCall("md4 train --config a.yaml --resume-or-start gpu=0");
    awaitCall("md4 train --config b.yaml --resume-or-start gpu=1");
    assertThat(exitCode(start(Map.of("GPUS", "7"), "scripts/node.sh", "a.yaml", "b.yaml")))
        .isEqualTo(2);
    assertThat(out()).contains("2 configs, GPUs 7");
    assertThat(exitCode(start(Map.of(), "scripts/node.sh"))).isEqualTo(2);
    assertThat(exitCode(start(Map.of(), "scripts/supervise.sh"))).isEqualTo(2);
  }

  private Process understand() throws IOException {
    Files.createDirectories(folder.resolve("runs/genmd4/text8-tiny-genmd4-42/model"));
    Map<String, String> environment = Map.of("KINDS", "genmd4", "SEEDS", "42");
    return start(environment, "scripts/genmd4.sh", "understand");
  }

  @Test
  void genmd4_goesOnWhereNothingCanBePlotted() throws Exception {
    codes(0, 0, 1);
    assertThat(exitCode(understand())).isZero();
    assertThat(calls()).hasSize(3);
    assertThat(calls().get(1)).contains("md4 schedule", "--train").doesNotContain("--plot");
    assertThat(calls().get(2)).contains("md4 schedule", "--plot");
    assertThat(out()).contains("the powers of text8-tiny-genmd4-42 are not plotted");
  }

  @Test
  void genmd4_endsWherePowersCannotBeTold() throws Exception {
    codes(0, 3);
    assertThat(exitCode(understand())).isEqualTo(3);
    assertThat(calls()).hasSize(2);
  }

  @Test
  void samplers_endsWithItsJava_andKeepsWhatWasMeasured() throws Exception {
    String json = "{\"networkCalls\":2,\"millisecondsACall\":1.5,\"seconds\":3}";
    String line = "printf '256x27 1 ancestral\\t%s\\n' '" + json + "'\n";
    for (int code : new int[] {0, 3}) {
      program("java", "#!/bin/sh\n" + line + "echo 'md4: no' >&2\nexit " + code + "\n");
      assertThat(exitCode(start(Map.of(), "scripts/bench/samplers.sh", "lines"))).isEqualTo(code);
      assertThat(folder.resolve("lines")).hasContent(json);
      assertThat(out().contains("samplers.sh: Java ended with 3; lines has what was measured"))
          .as(out())
          .isEqualTo(code == 3);
      assertThat(out()).contains("md4: no").containsPattern("256x27 +1 +ancestral");
    }
  }

  static List<Path> all() throws IOException {
    try (Stream<Path> files = Files.walk(SCRIPTS)) {
      List<Path> scripts = files.filter(each -> each.toString().endsWith(".sh")).sorted().toList();
      assertThat(scripts).isNotEmpty();
      return scripts;
    }
  }

  /** The shell of a script's first line runs it, by whichever shell it was started. */
  @ParameterizedTest
  @CsvSource({"zsh, sh bash", "dash, bash"})
  void scripts_areRunByTheirOwnShell(String typed, String own) throws Exception {
    assumeTrue(Shells.isThere(typed), typed + " is not here");
    Path bin = Files.createDirectory(folder.resolve("bin")); // all that a script would find
    for (String shell : List.of("sh", "bash")) {
      program("bin/" + shell, "#!/bin/sh\necho '" + shell + "'\nfor a; do echo \"$a\"; done\n");
    }
    for (Path script : all()) {
      String shell = Files.readString(script).lines().findFirst().orElse("").replace("#!/bin/", "");
      if (List.of(own.split(" ")).contains(shell)) {
        Map<String, String> environment = Map.of("PATH", "" + bin);
        Process process = start(environment, Shells.path(typed), "" + script, "a b", "*", "");
        assertThat(exitCode(process))
            .as("%s starts its shell first, as other scripts do: %s", script, out())
            .isZero();
        assertThat(out().lines())
            .as("" + script)
            .containsExactly(shell, "" + script, "a b", "*", "");
      }
    }
  }

  /**
   * Where CDPATH is set, cd looks for a relative folder elsewhere first, and prints what it takes.
   */
  @Test
  void scripts_goToTheirOwnFolderWhateverCdpathSays() throws IOException {
    List<String> led = new ArrayList<>();
    for (Path file : all()) {
      Files.readString(file)
          .lines()
          .filter(line -> line.contains("cd \"$(dirname") && !line.contains("CDPATH='' cd"))
          .forEach(line -> led.add(file + ": " + line));
    }
    assertThat(led).isEmpty();
  }
}
