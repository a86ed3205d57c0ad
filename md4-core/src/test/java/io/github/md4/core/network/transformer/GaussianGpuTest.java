// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.diffusion.GaussianProcess;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The hand-written training of Gaussian diffusion in bfloat16 against float32. */
@Tag("gpu")
final class GaussianGpuTest {
  private static final int V = 27;
  private static final int D = 16;
  private static final int B = 5;
  private static final int N = 70;
  private static final GaussianObjective OBJECTIVE =
      new GaussianObjective(
          new TokenSpace(V), new GaussianProcess(new MaskingSchedule(new Curve.Linear(), 0.02), D));

  /** How much larger the error may be than that of the same precision in TorchScript. */
  private static final double SPARE = 1.5;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0,
        "no GPU: the hand-written training of Gaussian diffusion is not tested");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5})
  void gradients_areAsNearToFloat32AsTorchScripts(double selfConditioning) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(0));
        Network wide = config(selfConditioning).network(manager, V, Precision.FLOAT32);
        Network narrow = config(selfConditioning).network(manager, V, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, wide, 5);
        TrainableNetwork exact = wide.trainable(manager, parameters, Training.TORCHSCRIPT);
        TrainableNetwork script = narrow.trainable(manager, parameters, Training.TORCHSCRIPT);
        TrainableNetwork fused =
            narrow.trainable(manager, parameters, TrainingOptions.defaults())) {
      assertThat(fused.description()).contains("hand-written");
      float[] expected = gradients(manager, exact);
      double ofScript = distance(gradients(manager, script), expected);
      assertThat(ofScript).isBetween(1e-4, 0.1);
      assertThat(distance(gradients(manager, fused), expected)).isLessThan(SPARE * ofScript);
    }
  }

  private static GaussianTransformerConfig config(double selfConditioning) {
    TransformerConfig of = TransformerConfig.defaults();
    return new GaussianTransformerConfig(
        D,
        selfConditioning,
        64,
        2,
        2,
        3,
        of.activation(),
        of.conditioning(),
        of.depthScaledInit(),
        0.1,
        0);
  }

  private static QueryBatch batch() {
    int[][] x = new int[B][N];
    int[] labels = new int[B];
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < B; b++) {
      labels[b] = -1;
      for (int n = 0; n < N; n++) {
        x[b][n] = (7 * b + 11 * n + n * n) % V;
      }
      double[] u = new Noise(9).uniforms(Noise.Purpose.MASK, 0, b, N);
      queries.add(OBJECTIVE.query(x[b], (b + 0.5) / B, u));
    }
    return QueryBatch.of(x, labels, queries);
  }

  /** Returns the gradients by all parameters, one after another, as float32. */
  private static float[] gradients(NDManager manager, TrainableNetwork network) {
    QueryBatch batch = batch();
    NetworkInput input = new NetworkInput(batch.zt(), batch.condition(), batch.rows());
    DropoutNoise noise = new DropoutNoise(new Noise(3), 5, 0);
    try (NDManager scope = manager.newSubManager();
        TrainingPass pass = network.forward(scope, input, noise)) {
      NDArray unused =
          OBJECTIVE.rowLoss().weightedSum(scope, pass.logits(), batch.asked(), batch.rowWeights(B));
      pass.backward();
      return floats(scope, network.gradients());
    }
  }

  private static float[] floats(NDManager scope, FlatArrays gradients) {
    try (FlatArrays exact = gradients.zeros(Precision.FLOAT32);
        OptimizerKernels kernels = new OptimizerKernels(scope)) {
      kernels.copy(exact, gradients);
      float[][] all = new float[exact.size()][];
      for (int i = 0; i < exact.size(); i++) {
        all[i] = exact.array(i).toFloatArray();
      }
      return joined(all);
    }
  }

  private static float[] joined(float[]... parts) {
    float[] all = new float[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static double distance(float[] ours, float[] expected) {
    double difference = 0;
    double whole = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(ours[i] - expected[i], 2);
      whole += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / whole);
  }
}
