// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.config.Computation;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.parallel.JobOfOne;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run whose float32 weights, moments and average are in shards, by the kernels of our own: all
 * calls of NCCL that several processes make, made by one.
 */
@Tag("gpu")
final class ShardedRunGpuTest {
  private static final int STEPS = 4;

  /**
   * Of the weights' norm. Two runs by the same kernels differ by 1e-8 after so few steps, since
   * some sums have no order; one step moves the weights by more than 1e-3.
   */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;
  private TokenFile tokens;

  private TrainingPlan plan(Communicator communicator) {
    TransformerConfig network =
        new TransformerConfig(
            64,
            2,
            2,
            2,
            TransformerConfig.Embedding.INSIDE,
            TinyRun.NETWORK.timeFeatures(),
            0,
            TinyRun.NETWORK.activation(),
            TinyRun.NETWORK.conditioning(),
            true,
            0,
            0,
            false);
    ModelConfig model = new ModelConfig(64, new Curve.Linear(), 1e-4, network);
    TrainingConfig training =
        TinyRun.training(STEPS, 6, 1e-2).withComputation(Computation.of(Precision.BFLOAT16));
    return new TrainingPlan(
        training,
        new Cadence(0, 2, 9, 0),
        new SavedModel.Description(model, tokens.info().orElseThrow().tokenizer()),
        tokens.info().orElseThrow().sha256(),
        communicator);
  }

  private RunFolder run(String name) {
    return new RunFolder(folder.resolve(name));
  }

  @Test
  void shards_areMovedSavedAndResumedAsTheWhole() throws IOException {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: shards are not tried there");
    tokens = TinyRun.tokens(folder.resolve("data"));
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      float[] whole = finish(manager, run("whole"), Communicator.alone());
      try (Communicator one = JobOfOne.sharded(Device.gpu())) {
        float[] shards = finish(manager, run("shards"), one);
        assertClose(shards, whole);
        Path middle = run("resumed").checkpoints().resolve("step-2");
        Files.createDirectories(middle);
        try (var files = Files.list(run("shards").checkpoints().resolve("step-2"))) {
          for (Path file : files.toList()) {
            Files.copy(file, middle.resolve(file.getFileName()));
          }
        }
        try (TrainingRun resumed = TrainingRun.resume(run("resumed"), plan(one), tokens, manager)) {
          assertClose(finish(resumed), whole);
        }
      }
    }
  }

  private float[] finish(NDManager manager, RunFolder folderOfRun, Communicator communicator)
      throws IOException {
    try (TrainingRun run = TrainingRun.start(folderOfRun, plan(communicator), tokens, manager)) {
      assertThat(run.learner().description()).startsWith("hand-written backward");
      return finish(run);
    }
  }

  private static float[] finish(TrainingRun run) throws IOException {
    assertThat(run.run(new TinyRun.Recorder(), () -> false))
        .isEqualTo(TrainingRun.Outcome.FINISHED);
    float[][] parameters = new float[1][];
    run.learner().whole(() -> parameters[0] = TinyRun.flat(run.learner().model().parameters()));
    return parameters[0];
  }

  private static void assertClose(float[] found, float[] expected) {
    double square = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      square += expected[i] * expected[i];
      difference += Math.pow(found[i] - expected[i], 2);
    }
    assertThat(Math.sqrt(difference)).isLessThan(TOLERANCE * Math.sqrt(square));
  }
}
