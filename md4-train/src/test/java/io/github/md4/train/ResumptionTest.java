// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that goes on after something has happened to its files. */
final class ResumptionTest {
  @TempDir private Path folder;
  private TokenFile tokens;
  private NDManager manager;
  private RunFolder run;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder.resolve("data"));
    manager = NDManager.newBaseManager(Device.cpu());
    run = new RunFolder(folder.resolve("run"));
  }

  @AfterEach
  void close() {
    manager.close();
    tokens.close();
  }

  /** Writes the checkpoints 5 and 10 of 20 steps. */
  private TrainingPlan trained() throws IOException {
    TrainingPlan plan = plan(20);
    try (TrainingRun started = TrainingRun.start(run, plan, tokens, manager)) {
      assertThat(started.run(new Recorder(), () -> started.updates() == 10))
          .isEqualTo(TrainingRun.Outcome.INTERRUPTED);
    }
    return plan;
  }

  private TrainingPlan plan(long steps) {
    return TinyRun.plan(TinyRun.training(steps, 3, 1e-2), tokens);
  }

  private Path checkpoint(String name) {
    return run.checkpoints().resolve(name);
  }

  private static void cut(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"model.safetensors", "optimizer.safetensors", "state.json", "config.json"})
  void resume_ofADamagedCheckpointOffersTheOneBefore(String name) throws IOException {
    TrainingPlan plan = trained();
    cut(checkpoint("step-10").resolve(name));
    assertThatThrownBy(() -> TrainingRun.resume(run, plan, tokens, manager))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("step-10: is damaged (")
        .hasMessageContaining(name)
        .hasMessageContaining("step-5 before it is whole: --resume=last-good goes on from there");
    try (TrainingRun resumed =
        TrainingRun.resumeLastGood(run, plan, TrainingData.of(tokens), manager)) {
      assertThat(resumed.updates()).isEqualTo(5);
      assertThat(resumed.notes())
          .satisfiesExactly(
              note -> assertThat(note).contains("step-10 is damaged: "),
              note -> assertThat(note).contains("damaged-step-10"));
      assertThat(checkpoint("damaged-step-10")).isDirectory();
      resumed.run(new Recorder());
    }
    assertThat(Checkpoints.in(run.checkpoints()))
        .extracting(Checkpoints.Checkpoint::step)
        .containsExactly(10L, 15L, 20L);
  }

  /** A state of another step, as of a file that was copied from elsewhere or edited. */
  @Test
  void resume_refusesTheStateOfAnotherStep() throws IOException {
    TrainingPlan plan = trained();
    Path state = checkpoint("step-10").resolve("state.json");
    Files.writeString(state, Files.readString(state).replace("\"step\": 10,", "\"step\": 0,"));
    assertThatThrownBy(() -> TrainingRun.resume(run, plan, tokens, manager))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("state.json: says step 0, but lies in step-10; one was changed")
        .hasMessageContaining("step-5 before it is whole");
  }

  @Test
  void resume_refusesAStateWithoutTheHashOfItsData() throws IOException {
    TrainingPlan plan = trained();
    Path state = checkpoint("step-10").resolve("state.json");
    Files.writeString(
        state,
        Files.readString(state).replaceFirst("\"dataSha256\": \"[^\"]*\"", "\"dataSha256\": null"));
    assertThatThrownBy(() -> TrainingRun.resume(run, plan, tokens, manager))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("state.json: is of another version or incomplete");
  }

  /** Finite numbers whose squares are not: nothing could be trained from there. */
  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "ema.safetensors", "optimizer.safetensors"})
  void resume_refusesWeightsThatAreFarTooLarge(String name) throws IOException {
    TrainingPlan plan = trained();
    Path file = checkpoint("step-10").resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] = 0x7E; // the last number becomes one of about 1e37
    Files.write(file, bytes);
    assertThatThrownBy(() -> TrainingRun.resume(run, plan, tokens, manager))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("weights or moments that are too large to go on from")
        .hasMessageContaining("step-5 before it is whole");
  }

  @Test
  void lastGood_saysWhereNoneIsWhole_andTakesTheNewestWhereItIs() throws IOException {
    TrainingPlan plan = trained();
    try (TrainingRun resumed =
        TrainingRun.resumeLastGood(run, plan, TrainingData.of(tokens), manager)) {
      assertThat(resumed.updates()).isEqualTo(10);
      assertThat(resumed.notes()).isEmpty();
    }
    Files.delete(checkpoint("step-10").resolve("ema.safetensors"));
    cut(checkpoint("step-5").resolve("state.json"));
    assertThatThrownBy(
            () -> TrainingRun.resumeLastGood(run, plan, TrainingData.of(tokens), manager))
        .hasMessageContaining("has no checkpoint that is whole: ")
        .hasMessageContaining("step-10 is damaged")
        .hasMessageContaining("step-5 is damaged");
    assertThat(checkpoint("step-10")).isDirectory();
  }

  @Test
  void aFolderInUse_isRefusedToEveryoneElse() throws IOException {
    TrainingPlan plan = trained();
    try (TrainingRun resumed = TrainingRun.resume(run, plan, tokens, manager)) {
      assertThat(resumed.updates()).isEqualTo(10);
      assertThatThrownBy(() -> TrainingRun.resume(run, plan, tokens, manager))
          .hasMessageContaining("is in use by another training");
    }
    TrainingRun.resume(run, plan, tokens, manager).close();
  }

  @Test
  void zerosUnderTheOldName_areFoundBeforeTheFirstCheckpoint() throws IOException {
    TrainingPlan plan = trained();
    Files.write(tokens.path(), new byte[Math.toIntExact(Files.size(tokens.path()))]);
    try (TokenFile zeros = TokenFile.open(tokens.path())) {
      try (TrainingRun resumed = TrainingRun.resume(run, plan, zeros, manager)) {
        assertThatThrownBy(() -> resumed.run(new Recorder()))
            .isInstanceOf(InvalidDataException.class)
            .hasMessageContaining("train.bin: SHA-256 is ");
      }
      RunFolder other = new RunFolder(folder.resolve("other"));
      try (TrainingRun started = TrainingRun.start(other, plan, zeros, manager)) {
        assertThatThrownBy(() -> started.run(new Recorder()))
            .isInstanceOf(InvalidDataException.class);
      }
      assertThat(other.checkpoints()).doesNotExist();
    }
    assertThat(Checkpoints.latest(run.checkpoints()).orElseThrow().step()).isEqualTo(10);
  }

  @Test
  void bestAndModel_getTheirNamesBackAfterAKillBetweenRenames() throws IOException {
    TrainingPlan plan = trained();
    for (String name : new String[] {"best", "model"}) {
      Path old = Files.createDirectories(run.path().resolve(".old-" + name));
      Files.writeString(old.resolve("file"), name);
      Files.createDirectories(run.path().resolve(".tmp-" + name));
    }
    Path mine = Files.createDirectories(run.path().resolve(".old-mine"));
    TrainingRun.resume(run, plan, tokens, manager).close();
    assertThat(run.best().resolve("file")).hasContent("best");
    assertThat(run.model().resolve("file")).hasContent("model");
    assertThat(run.path().resolve(".tmp-best")).doesNotExist();
    assertThat(mine).isDirectory();
  }

  @Test
  void engineThreads_areToldWhereTheyDiffer() throws IOException {
    int before = EngineThreads.count();
    try {
      EngineThreads.set(1);
      TrainingPlan plan = trained();
      EngineThreads.set(2);
      try (TrainingRun resumed = TrainingRun.resume(run, plan, tokens, manager)) {
        assertThat(resumed.notes())
            .containsExactly(
                "the checkpoint was made with 1 engine thread, now there are 2: the run goes on,"
                    + " but not bit for bit; --threads 1 keeps it so");
      }
      EngineThreads.set(1);
      try (TrainingRun resumed = TrainingRun.resume(run, plan, tokens, manager)) {
        assertThat(resumed.notes()).isEmpty();
      }
    } finally {
      EngineThreads.set(before);
    }
  }

  /** Stops in its first evaluation. */
  private static final class StoppedThere implements TrainingListener {
    private boolean isStopped;
    private int evaluations;

    @Override
    public void onEvaluation(Learner learner, BooleanSupplier isStopRequested) {
      evaluations++;
      isStopped = true;
      if (isStopRequested.getAsBoolean()) {
        throw new CancellationException("in the middle");
      }
    }
  }

  @Test
  void anEvaluationThatAStopEnds_isMadeUpForByTheResumedRun() throws IOException {
    TrainingPlan plan = plan(10);
    StoppedThere listener = new StoppedThere();
    try (TrainingRun started = TrainingRun.start(run, plan, tokens, manager)) {
      assertThat(started.run(listener, () -> listener.isStopped))
          .isEqualTo(TrainingRun.Outcome.INTERRUPTED);
    }
    assertThat(Checkpoints.latest(run.checkpoints()).orElseThrow().step()).isEqualTo(10);
    assertThat(run.model()).doesNotExist();
    try (TrainingRun resumed = TrainingRun.resume(run, plan, tokens, manager)) {
      assertThat(resumed.run(listener, () -> listener.isStopped)) // again there
          .isEqualTo(TrainingRun.Outcome.INTERRUPTED);
    }
    try (TrainingRun resumed = TrainingRun.resume(run, plan, tokens, manager)) {
      assertThat(resumed.run(listener, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
    }
    assertThat(listener.evaluations).isEqualTo(3);
    assertThat(run.model()).isDirectory();
  }

  @Test
  void divergence_saysWhetherThereIsACheckpoint() throws IOException {
    TrainingPlan plan = TinyRun.plan(TinyRun.training(30, 6, 1e30), tokens);
    try (TrainingRun started = TrainingRun.start(run, plan, tokens, manager)) {
      assertThatThrownBy(() -> started.run(new Recorder()))
          .isInstanceOf(DivergedException.class)
          .hasMessageEndingWith(
              "no checkpoint was written before it: lower training.learningRate.base or set"
                  + " training.clip, then begin anew");
    }
    TrainingPlan often = plan.withCadence(new Cadence(0, 1, 9, 0));
    try (TrainingRun started = TrainingRun.start(run, often, tokens, manager)) {
      assertThatThrownBy(() -> started.run(new Recorder()))
          .isInstanceOf(DivergedException.class)
          .hasMessageContaining("the last checkpoint, step-")
          .hasMessageEndingWith("then resume");
    }
  }
}
