// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.noise.Noise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A loss and its gradients: the mean cross-entropy of made-up targets at all positions. */
public record Training(TrainableNetwork network, Parameters parameters, Inputs inputs) {
  public static final TrainingOptions TORCHSCRIPT = torchScript(TrainingOptions.Recompute.NONE);
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(43), 0, 0);

  public static TrainingOptions torchScript(TrainingOptions.Recompute recompute) {
    return new TrainingOptions(
        TrainingOptions.Kernels.TORCHSCRIPT, TrainingOptions.defaults().stream(), recompute);
  }

  /** Leaves the gradients where the network keeps them. */
  public void run(NDManager scope) {
    run(scope, () -> {});
  }

  /** Does {@code between} between the way forward and the way back. */
  public void run(NDManager scope, Runnable between) {
    try (TrainingPass pass = network.forward(scope, inputs.input(), NOISE)) {
      float unused = loss(scope, pass);
      between.run();
      pass.backward();
    }
  }

  /** Checks that a way forward and back leaves no array behind that the one before did not. */
  public void checkLeavesNothingBehind(NDManager manager) {
    runInScope(manager);
    int inAll = manager.getManagedArrays().size();
    runInScope(manager);
    runInScope(manager);
    assertThat(manager.getManagedArrays().size()).isEqualTo(inAll);
  }

  private void runInScope(NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      run(scope);
    }
  }

  /** Returns the gradients in the parameters' order. */
  public List<float[]> gradients(NDManager scope) {
    return gradients(scope, () -> {});
  }

  public List<float[]> gradients(NDManager scope, Runnable between) {
    run(scope, between);
    return values(network.gradients());
  }

  public static List<float[]> values(FlatArrays arrays) {
    List<float[]> values = new ArrayList<>();
    for (int i = 0; i < arrays.size(); i++) {
      values.add(arrays.array(i).toFloatArray());
    }
    return values;
  }

  /** Logits of a network whose forward is recorded, [R V] flat. */
  public static float[] logits(TrainingPass pass) {
    return ((RecordedLogits) pass.logits()).values().toFloatArray();
  }

  /** Returns the loss. */
  public float loss(NDManager scope, TrainingPass pass) {
    return loss(scope, pass, inputs.input().rows().length);
  }

  /** Returns the loss of so many rows. */
  public float loss(NDManager scope, TrainingPass pass, int rows) {
    int[] targets = targets(rows);
    float[] weights = new float[targets.length];
    Arrays.fill(weights, 1f / targets.length);
    try (NDArray loss = pass.logits().crossEntropy(scope, targets, weights)) {
      return loss.getFloat();
    }
  }

  /** Returns the loss of a way forward alone. */
  public double loss(NDManager scope) {
    try (TrainingPass pass = network.forward(scope, inputs.input(), NOISE)) {
      return loss(scope, pass);
    }
  }

  private int[] targets(int rows) {
    int vocabularySize = (int) parameters.get("embedding.weight").getShape().get(0) - 1;
    int[] targets = new int[rows];
    Arrays.setAll(targets, i -> (i * 7 + 3) % vocabularySize);
    return targets;
  }
}
