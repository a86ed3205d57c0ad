// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.DeviceException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.noise.Noise;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A network of a user's own: logits of its table, gradients, and nothing left behind. */
@Tag("exact")
final class ForwardNetworkTest {
  private static final int VOCABULARY = 5;
  private static final int[][] ZT = {{0, 5, 3}, {5, 5, 2}};
  private static final int[] ROWS = {1, 3, 4};

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Logits are a row of a table by the token at the position, times the time. */
  private static NDArray table(Map<String, NDArray> weights, ForwardNetwork.Batch batch) {
    NDArray seen = batch.zt().oneHot(VOCABULARY + 1).toType(DataType.FLOAT32, false);
    NDArray all =
        seen.reshape(-1, VOCABULARY + 1)
            .matMul(weights.get("table"))
            .reshape(ZT.length, -1, VOCABULARY); // [B, N, V]
    return batch.asked(all.mul(batch.times().reshape(-1, 1, 1)));
  }

  private ForwardNetwork network(ForwardNetwork.Forward forward) {
    ParameterSpec table =
        new ParameterSpec(
            "table", new Shape(VOCABULARY + 1, VOCABULARY), new Initializer.Normal(1));
    return new ForwardNetwork(manager, List.of(table), forward);
  }

  private static Parameters parameters(NDManager manager, Network network) {
    return Parameters.initial(manager, network.specs(), new Noise(1));
  }

  @Test
  void network_hasParametersWithNamesOfTheirOwn() {
    ParameterSpec table = Specs.table("table", 6, 5);
    assertThatThrownBy(() -> new ForwardNetwork(manager, List.of(table, table), (p, b) -> null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("two parameters must not have one name: table");
    assertThatThrownBy(() -> new ForwardNetwork(manager, List.of(), (p, b) -> null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a network must have parameters: []");
    assertThatThrownBy(() -> Specs.zeros(" ", 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a parameter must have a name: (3)");
    assertThatThrownBy(() -> Specs.zeros("bias", 3, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a parameter must have elements: bias: (3, 0)");
  }

  @Test
  void noise_refusesARateThatDropsAll() {
    DropoutNoise noise = new DropoutNoise(new Noise(2), 0, 0);
    assertThatThrownBy(() -> noise.mask(2, 3, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the rate of dropout must be in [0, 1): 1.0");
    assertThat(noise.mask(2, 3, 0)).containsOnly(1);
  }

  @Test
  void denoiser_computesTheForwardAndLeavesOnlyItsResult() {
    try (Network network = network(ForwardNetworkTest::table);
        Parameters parameters = parameters(manager, network);
        NDManager call = manager.newSubManager()) {
      NDArray zt = call.create(new long[] {0, 5, 3, 5, 5, 2}, new Shape(2, 3));
      NDArray rows = call.create(new long[] {1, 3, 4});
      float[] row = parameters.get("table").get(VOCABULARY).toFloatArray();
      int ofCall = call.getManagedArrays().size();
      int ofAll = manager.getManagedArrays().size();
      NDArray logits =
          network.denoiser(parameters).logits(zt, Condition.at(0.5, 0.25), rows); // [3, 5]
      for (int r = 0; r < ROWS.length; r++) {
        for (int v = 0; v < VOCABULARY; v++) {
          float time = ROWS[r] < 3 ? 0.5f : 0.25f;
          assertThat(logits.getFloat(r, v)).isEqualTo(time * row[v]);
        }
      }
      assertThat(logits.getManager()).isSameAs(call);
      logits.close();
      assertThat(call.getManagedArrays()).hasSize(ofCall);
      assertThat(manager.getManagedArrays()).hasSize(ofAll);
    }
  }

  /** Gradients of a sum of cross-entropies against central differences. */
  @Test
  void trainable_differentiatesTheForward() {
    try (Network network = network(ForwardNetworkTest::table);
        Parameters parameters = parameters(manager, network)) {
      float[] gradient;
      try (Parameters trained = parameters.copy();
          TrainableNetwork trainable =
              network.trainable(manager, trained, TrainingOptions.defaults())) {
        float first = loss(trainable);
        gradient = trainable.gradients().array(0).toFloatArray();
        int before = manager.getManagedArrays().size();
        assertThat(loss(trainable)).isEqualTo(first);
        assertThat(manager.getManagedArrays()).hasSize(before);
      }
      float[] values = parameters.get("table").toFloatArray();
      float h = 1e-2f;
      for (int i = 0; i < values.length; i++) {
        float slope = (lossAt(network, values, i, h) - lossAt(network, values, i, -h)) / (2 * h);
        // Float32 losses of about 3 over a difference of 0.02.
        assertThat(gradient[i]).isCloseTo(slope, within(1e-4f));
      }
    }
  }

  private float lossAt(Network network, float[] values, int index, float by) {
    float[] moved = values.clone();
    moved[index] += by;
    try (Parameters parameters =
            Parameters.of(manager, network.specs(), (spec, unused) -> moved.clone());
        TrainableNetwork trainable =
            network.trainable(manager, parameters, TrainingOptions.defaults())) {
      return loss(trainable);
    }
  }

  private float loss(TrainableNetwork trainable) {
    NetworkInput input = new NetworkInput(ZT, Condition.at(0.5, 0.25), ROWS);
    DropoutNoise noise = new DropoutNoise(new Noise(2), 0, 0);
    try (NDManager scope = manager.newSubManager();
        TrainingPass pass = trainable.forward(scope, input, noise)) {
      float loss =
          pass.logits()
              .crossEntropy(scope, new int[] {4, 1, 0}, new float[] {1, 0.5f, 2})
              .toFloatArray()[0];
      pass.backward();
      return loss;
    }
  }

  @Test
  void forward_mustReturnARowForEachAskedPosition() {
    try (Network network = network((weights, batch) -> weights.get("table"));
        Parameters parameters = parameters(manager, network);
        TrainableNetwork trainable =
            network.trainable(manager, parameters, TrainingOptions.defaults())) {
      assertThatThrownBy(() -> loss(trainable))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the forward pass must return logits [R, V] of 3 rows: (6, 5)");
    }
  }

  @Test
  void trainable_refusesWhatItHasNot() {
    TrainingOptions plain = TrainingOptions.defaults();
    TrainingOptions fused =
        new TrainingOptions(TrainingOptions.Kernels.FUSED, Precision.FLOAT32, plain.recompute());
    TrainingOptions again =
        new TrainingOptions(plain.kernels(), Precision.FLOAT32, TrainingOptions.Recompute.LAYER);
    try (Network network = network(ForwardNetworkTest::table);
        Parameters parameters = parameters(manager, network)) {
      assertThatThrownBy(() -> network.trainable(manager, parameters, fused))
          .isInstanceOf(DeviceException.class);
      assertThatThrownBy(() -> network.trainable(manager, parameters, again))
          .isInstanceOf(InvalidConfigException.class);
      assertThat(network.recomputes()).containsExactly(TrainingOptions.Recompute.NONE);
    }
  }

  /** A time and a number are read on the way back, after Java may have freed what it held. */
  @Test
  void gradients_areTheSameAfterACollection() {
    ForwardNetwork.Forward twice =
        (weights, batch) -> table(weights, batch).mul(batch.number(2)).div(batch.number(0.5));
    try (Network network = network(twice);
        Parameters parameters = parameters(manager, network);
        TrainableNetwork trained =
            network.trainable(manager, parameters, TrainingOptions.defaults())) {
      float[] quiet = gradient(trained, () -> {});
      assertThat(gradient(trained, FreedMemory::scribble)).isEqualTo(quiet);
      assertThat(quiet).doesNotContain(Float.NaN);
    }
  }

  private float[] gradient(TrainableNetwork trained, Runnable between) {
    NetworkInput input = new NetworkInput(ZT, Condition.at(0.25, 0.75), ROWS);
    try (NDManager scope = manager.newSubManager();
        TrainingPass pass = trained.forward(scope, input, new DropoutNoise(new Noise(1), 0, 0))) {
      NDArray unused =
          pass.logits().crossEntropy(scope, new int[] {1, 2, 0}, new float[] {1, 1, 1});
      between.run();
      pass.backward();
    }
    return trained.gradients().array(0).toFloatArray();
  }
}
