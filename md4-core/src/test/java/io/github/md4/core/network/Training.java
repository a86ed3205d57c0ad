// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.DiffusionLoss;
import io.github.md4.core.kernel.Autograd;
import io.github.md4.core.noise.Noise;
import java.util.Arrays;

/** A loss and its gradients: the mean cross-entropy of made-up targets at all positions. */
record Training(Autograd autograd, Network network, Parameters parameters, Inputs inputs) {
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(43), 0, 0);

  /** Returns the gradients in the parameters' order, attached to {@code scope}. */
  NDList gradients(NDManager scope) {
    NDArray zt = inputs.zt(scope);
    NDArray rows = inputs.allRows(scope);
    NDArray targets = scope.create(targets());
    NDArray loss =
        autograd.record(
            () -> {
              NDArray logits =
                  network.trainingLogits(parameters, zt, inputs.condition(), rows, NOISE);
              return DiffusionLoss.crossEntropy(logits, targets).mean();
            });
    return autograd.gradients(loss, parameters.list());
  }

  private long[] targets() {
    int vocabularySize = (int) parameters.get("head.weight").getShape().get(0);
    long[] targets = new long[inputs.zt().length * inputs.zt()[0].length];
    Arrays.setAll(targets, i -> (i * 7L + 3) % vocabularySize);
    return targets;
  }
}
