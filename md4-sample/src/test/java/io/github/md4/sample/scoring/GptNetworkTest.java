// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.network.gpt2.GptConfig;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GPT-2 as a network of models, against the scorer that reads its published files. */
@Tag("exact")
final class GptNetworkTest {
  private static final int VOCABULARY = 11;
  private static final GptConfig CONFIG = new GptConfig(2, 3, 12, 7, 1e-5, 9);

  @TempDir private Path folder;

  private static float[] values(int size, int index) {
    Random random = new Random(index);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (0.4 * random.nextGaussian());
    }
    return values;
  }

  private static Parameters parameters(NDManager manager, Network network) {
    return Parameters.of(
        manager,
        network.specs(),
        (spec, index) -> values(Math.toIntExact(spec.shape().size()), index));
  }

  /** Writes the weights as they are published, and returns the scorer. */
  private Gpt2Scorer scorer(NDManager manager, Parameters parameters) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt2", "n_layer": 2, "n_head": 3, "n_embd": 12, "n_positions": 7,
         "vocab_size": 11, "layer_norm_epsilon": 1e-5}
        """);
    SavedModel.writeWeights(folder, parameters);
    return Gpt2Scorer.load(folder, manager, Precision.FLOAT32);
  }

  @Test
  void nats_areThoseOfTheScorer() throws IOException {
    try (NDManager manager = NDManager.newBaseManager();
        Network network = CONFIG.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = parameters(manager, network);
        Gpt2Scorer scorer = scorer(manager, parameters)) {
      Denoiser denoiser = network.denoiser(parameters);
      AutoregressiveObjective objective = new AutoregressiveObjective(new TokenSpace(VOCABULARY));
      int[][] x = {{0, 3, 10, 9, 1, 4}, {8, 8, 2, 5, 0, 7}};
      QueryBatch batch =
          QueryBatch.of(
              x,
              new int[] {Condition.NO_LABEL, Condition.NO_LABEL},
              Arrays.stream(x).map(each -> objective.query(each, 0, new double[6])).toList());
      float[] ours = batch.losses(manager, denoiser, objective.rowLoss());
      for (int b = 0; b < 2; b++) {
        int[] begun = IntStream.concat(IntStream.of(CONFIG.start()), Arrays.stream(x[b])).toArray();
        double[] theirs = scorer.crossEntropies(List.of(begun))[0];
        for (int n = 0; n < 6; n++) {
          assertThat((double) ours[6 * b + n]).isCloseTo(theirs[n], within(1e-5));
        }
      }
    }
  }

  /** The slope of the loss along its own gradient, by central differences. */
  @Test
  void gradients_areTheSlopes() {
    int[][] shown = {{VOCABULARY, 3, 10, 9, 1, 4}};
    int[] rows = {0, 2, 5};
    int[] targets = {3, 9, 0};
    float[] weights = {0.5f, 1, 2};
    try (NDManager manager = NDManager.newBaseManager();
        Network network = CONFIG.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = parameters(manager, network);
        TrainableNetwork trainable =
            network.trainable(manager, parameters, TrainingOptions.defaults())) {
      NetworkInput input = new NetworkInput(shown, Condition.at(0), rows);
      DropoutNoise noise = new DropoutNoise(new Noise(0), 0, 0);
      try (TrainingPass pass = trainable.forward(manager, input, noise)) {
        new RowLoss.CrossEntropy()
            .weightedSum(manager, pass.logits(), AskedRows.of(targets), weights)
            .close();
        pass.backward();
      }
      int tensor = 4; // the products of the first attention
      float[] gradient = trainable.gradients().array(tensor).toFloatArray();
      double norm = 0;
      for (float g : gradient) {
        norm += (double) g * g;
      }
      float[] before = parameters.list().get(tensor).toFloatArray();
      double h = 1e-3 / Math.sqrt(norm);
      double up = loss(network, parameters, tensor, moved(before, gradient, h), rows, targets);
      double down = loss(network, parameters, tensor, moved(before, gradient, -h), rows, targets);
      assertThat((up - down) / (2 * h)).isCloseTo(norm, within(2e-2 * norm));
    }
  }

  private static float[] moved(float[] values, float[] along, double by) {
    float[] moved = values.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (by * along[i]);
    }
    return moved;
  }

  private static double loss(
      Network network,
      Parameters parameters,
      int tensor,
      float[] values,
      int[] rows,
      int[] targets) {
    try (NDManager scope = NDManager.newBaseManager()) {
      Parameters changed =
          Parameters.of(
              scope,
              network.specs(),
              (spec, index) ->
                  index == tensor ? values : parameters.list().get(index).toFloatArray());
      NDArray zt = scope.create(new long[][] {{VOCABULARY, 3, 10, 9, 1, 4}});
      NDArray asked = scope.create(Arrays.stream(rows).asLongStream().toArray());
      NDArray logits = network.denoiser(changed).logits(zt, Condition.at(0), asked);
      float[] nats = new RowLoss.CrossEntropy().of(logits, AskedRows.of(targets)).toFloatArray();
      return 0.5 * nats[0] + nats[1] + 2 * nats[2];
    }
  }

  @Test
  void config_checksItsSizes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GptConfig(1, 5, 12, 7, 1e-5, 9))
        .withMessage("heads must divide width: 12");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CONFIG.checkLength(8))
        .withMessage("length must be at most network.positions, 7: 8");
    assertThat(GptConfig.defaults().summary())
        .isEqualTo("kind gpt2, layers 12, heads 12, width 768, positions 1024");
  }
}
