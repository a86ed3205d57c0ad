// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.parallel.HeldPort;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Faults of one process, each of which must end all of them soon, with its rank and its cause. */
@Tag("slow")
@Timeout(300)
final class ParallelFaultsTest {
  private static final int POLL_MILLIS = 20;

  /** The promise is of 10 s, on a machine that is not busy; tests may run beside anything. */
  private static final double SOON = 60;

  /** The time without a sign of life, of which one is given every 2 s. */
  private static final double SILENCE = 20;

  @TempDir private Path folder;
  private TinyTraining tiny;
  private HeldPort port;
  private final List<ChildJvm> ranks = new ArrayList<>();

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
    port = HeldPort.choose();
  }

  @AfterEach
  void end() throws IOException {
    ranks.forEach(ChildJvm::close);
    port.close();
  }

  private ChildJvm rank(int rank, String... more) throws IOException {
    return rankIn(Path.of(""), rank, endless(more));
  }

  /** Returns the words of a training that does not end by itself. */
  private String[] endless(String... more) {
    String[] endless = {
      "--set", "training.steps=1000000",
      "--set", "training.learningRate.decay=constant",
      "--set", "evaluation.every=0",
      "--set", "sampling.count=0",
      "--set", "checkpoints.every=20",
      "--set", "parallel.joinSeconds=200"
    };
    return tiny.words(Stream.of(endless, more).flatMap(Stream::of).toArray(String[]::new));
  }

  /** Starts a process in a folder of its own. */
  private ChildJvm rankIn(Path place, int rank, String... words) throws IOException {
    ChildJvm child = ChildJvm.startIn(place, Main.class, variables(rank), words);
    ranks.add(child);
    return child;
  }

  private Map<String, String> variables(int rank) {
    return Map.of(
        "RANK", "" + rank,
        "WORLD_SIZE", "2",
        "LOCAL_RANK", "" + rank,
        "MASTER_ADDR", "127.0.0.1",
        "MASTER_PORT", "" + port.number());
  }

  private void awaitCheckpoint() throws IOException, InterruptedException {
    awaitCheckpoint(1);
  }

  private void awaitCheckpoint(long step) throws IOException, InterruptedException {
    while (latest() < step) {
      for (ChildJvm rank : ranks) {
        assertThat(rank.isAlive()).as(() -> "%s".formatted(rank.lastWords())).isTrue();
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private long latest() throws IOException {
    return Checkpoints.latest(tiny.run().resolve("checkpoints"))
        .map(each -> each.step())
        .orElse(0L);
  }

  private static void assertEnds(ChildJvm child, int code, String... inLine) throws Exception {
    assertThat(child.exitCode()).isEqualTo(code);
    if (inLine.length > 0) {
      List<String> told = child.err().lines().filter(line -> line.startsWith("md4: ")).toList();
      assertThat(told).hasSize(1);
      assertThat(told.get(0)).contains(inLine);
    }
  }

  @Test
  void aKilledRank_endsTheOther_andTheRunGoesOn() throws Exception {
    ChildJvm first = rank(0);
    ChildJvm second = rank(1);
    awaitCheckpoint();
    long start = System.nanoTime();
    second.signal("KILL");
    assertEnds(first, ExitCodes.FAILURE, "rank 1 (process ", "is gone");
    assertThat((System.nanoTime() - start) * 1e-9).isLessThan(SOON);
    long step = Checkpoints.latest(tiny.run().resolve("checkpoints")).orElseThrow().step();
    Ran replayed = tiny.train("--set", "training.steps=1000000", "--replay", "" + (step + 1));
    assertThat(replayed.code()).as(replayed.err()).isZero();
  }

  /** It can only be ended by others; a launcher does so. */
  @Test
  void aStoppedRank_endsTheOther() throws Exception {
    ChildJvm first = rank(0);
    ChildJvm second = rank(1);
    awaitCheckpoint();
    long start = System.nanoTime();
    second.signal("STOP");
    assertEnds(
        first, ExitCodes.FAILURE, "rank 1 (process ", "has not given a sign of life for 20 s");
    assertThat((System.nanoTime() - start) * 1e-9).isBetween(SILENCE - 3, SILENCE + SOON);
    second.signal("KILL");
  }

  @Test
  void theFirstRankKilled_isNamedByTheSecond() throws Exception {
    ChildJvm first = rank(0);
    ChildJvm second = rank(1);
    awaitCheckpoint();
    first.signal("KILL");
    assertEnds(second, ExitCodes.FAILURE, "rank 0 (at 127.0.0.1) is gone");
  }

  @Test
  void aSignalToOne_makesAllWriteOneCheckpoint() throws Exception {
    InterruptsTest.assumeHeard("TERM");
    ChildJvm first = rank(0, "--set", "checkpoints.keepLast=99");
    ChildJvm second = rank(1, "--set", "checkpoints.keepLast=99");
    awaitCheckpoint();
    second.signal("TERM");
    assertEnds(first, ExitCodes.INTERRUPTED);
    assertEnds(second, ExitCodes.INTERRUPTED);
    List<Long> steps =
        Checkpoints.in(tiny.run().resolve("checkpoints")).stream()
            .map(each -> each.step())
            .toList();
    assertThat(steps.stream().filter(step -> step % 20 != 0).count()).isLessThanOrEqualTo(1);
  }

  /** As a terminal does that closes behind processes of nohup. */
  @Test
  void aHangUpUnderNohup_endsNone() throws Exception {
    InterruptsTest.assumeHeard("TERM");
    for (int rank = 0; rank < 2; rank++) {
      ranks.add(ChildJvm.startDetached(Main.class, variables(rank), endless()));
    }
    awaitCheckpoint();
    for (ChildJvm rank : ranks) {
      rank.signal("HUP");
    }
    awaitCheckpoint(latest() + 60);
    ranks.get(1).signal("TERM");
    assertEnds(ranks.get(0), ExitCodes.INTERRUPTED);
    assertEnds(ranks.get(1), ExitCodes.INTERRUPTED);
  }

  @Test
  void ranksOfDifferentConfigs_areToldTheLine() throws Exception {
    ChildJvm first = rank(0);
    ChildJvm second = rank(1, "--set", "training.seed=77");
    assertEnds(
        first,
        ExitCodes.USAGE,
        "rank 1 (process ",
        "another configuration",
        "'seed: 77', 'seed: 3'");
    assertEnds(second, ExitCodes.USAGE);
    assertThat(second.err()).isEmpty();
    assertThat(Files.exists(tiny.run())).isFalse();
  }

  /** Two machines that have folders of their own under the same name. */
  @Test
  void ranksOfOtherFolders_areRefused() throws Exception {
    Path one = Files.createDirectory(folder.resolve("one"));
    Path two = Files.createDirectory(folder.resolve("two"));
    assertThat(tiny.train("--set", "run=" + one.resolve("run")).code()).isZero();
    String[] train = tiny.words("--set", "run=run", "--resume-or-start");
    ChildJvm first = rankIn(one, 0, train);
    ChildJvm second = rankIn(two, 1, train);
    assertEnds(
        first,
        ExitCodes.DATA,
        "rank 1 (process ",
        "begins with step 0 and weights ",
        "rank 0 with step 12 and weights ",
        "all must see the same folder of the run");
    assertEnds(second, ExitCodes.DATA);
    assertThat(Files.exists(two.resolve("run"))).isFalse();
    Ran other = tiny.train("--set", "run=" + two.resolve("run"), "--set", "training.seed=4");
    assertThat(other.code()).isZero();
    String[] evaluate = {"evaluate", "run", "--data", tiny.data("valid.bin").toString()};
    ChildJvm third = rankIn(one, 0, evaluate);
    ChildJvm fourth = rankIn(two, 1, evaluate);
    assertEnds(third, ExitCodes.DATA, "rank 1 (process ", "reads other data, or another model");
    assertEnds(fourth, ExitCodes.DATA);
  }

  @Test
  void aLaunchInAJob_isRefused() throws Exception {
    ChildJvm nested = rankIn(Path.of(""), 1, "launch", "--processes", "2", "--", "evaluate", "run");
    assertEnds(nested, ExitCodes.USAGE, "this process is one of a job already");
  }

  @Test
  void aPortInUse_isSaid() throws Exception {
    try (ServerSocket socket = port.listening()) {
      assertEnds(
          rank(0),
          ExitCodes.FAILURE,
          "rank 0 cannot listen at port " + socket.getLocalPort(),
          "set MASTER_PORT");
    }
  }

  @Test
  void aPortInUse_isSaidByTheLauncherBeforeItStartsAny() throws Exception {
    try (ServerSocket socket = port.listening()) {
      int number = socket.getLocalPort();
      Ran launch =
          Ran.md4("launch", "--processes", "2", "--port", "" + number, "--", "evaluate", "run");
      assertThat(launch.code()).isEqualTo(ExitCodes.FAILURE);
      assertThat(launch.err())
          .startsWith("md4: port " + number + ": ")
          .endsWith("; choose another with --port, or leave it out%n".formatted())
          .hasLineCount(1);
    }
  }

  @Test
  void aRankThatNeverArrives_isNamed() throws Exception {
    assertEnds(
        rank(0, "--set", "parallel.joinSeconds=1"),
        ExitCodes.FAILURE,
        "rank 1 of 2 did not arrive at port " + port.number() + " within 1 s");
    assertEnds(
        rank(1, "--set", "parallel.joinSeconds=1"),
        ExitCodes.FAILURE,
        "rank 1 found no rank 0 within 1 s at 127.0.0.1:" + port.number());
  }

  @Test
  void aKilledMemberOfALaunch_endsTheLaunch_andAKilledLauncherItsMembers() throws Exception {
    for (String victim : List.of("member", "launcher")) {
      List<String> words = new ArrayList<>(List.of("launch", "--processes", "2", "--"));
      words.addAll(
          List.of(
              tiny.words(
                  "--set",
                  "training.steps=1000000",
                  "--set",
                  "training.learningRate.decay=constant",
                  "--set",
                  "run=" + folder.resolve(victim),
                  "--set",
                  "checkpoints.every=3")));
      ChildJvm launcher = ChildJvm.start(Main.class, Map.of(), words.toArray(String[]::new));
      ranks.add(launcher);
      while (Checkpoints.latest(folder.resolve(victim).resolve("checkpoints")).isEmpty()) {
        Thread.sleep(POLL_MILLIS);
      }
      List<ProcessHandle> members = launcher.children();
      assertThat(members).hasSize(2);
      if (victim.equals("launcher")) {
        launcher.signal("KILL");
      } else {
        members.get(1).destroyForcibly();
        assertThat(launcher.exitCode()).isEqualTo(ExitCodes.FAILURE);
        assertThat(launcher.err()).contains("was ended by signal 9; the others end too");
      }
      for (ProcessHandle member : members) {
        ProcessHandle unused = member.onExit().get(); // ends by the class's timeout
      }
    }
  }
}
