// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Gradients over parameters that threads share. */
@Tag("exact")
final class AutogradThreadsTest {
  private static final int VOCABULARY = 11;
  private static final int TIMES = 150;

  @Test
  void gradients_ofTwoThreadsOverTheSameParametersAreThoseOfOne() throws Exception {
    Inputs inputs = Inputs.random(Networks.OUTSIDE_TIME, 3, 5, VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager();
        Network network =
            new Transformer(manager, Networks.OUTSIDE_TIME, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      List<float[]> expected = gradients(manager, network, parameters, inputs);
      Callable<Void> work =
          () -> {
            for (int i = 0; i < TIMES; i++) {
              List<float[]> found = gradients(manager, network, parameters, inputs);
              assertThat(found).usingElementComparator(Arrays::compare).isEqualTo(expected);
            }
            return null;
          };
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        for (Future<Void> done : threads.invokeAll(List.of(work, work), 60, TimeUnit.SECONDS)) {
          assertThat(done.get()).isNull();
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private static List<float[]> gradients(
      NDManager manager, Network network, Parameters parameters, Inputs inputs) {
    try (NDManager scope = manager.newSubManager();
        TrainableNetwork trainable = network.trainable(scope, parameters, Training.TORCHSCRIPT)) {
      return new Training(trainable, parameters, inputs).gradients(scope);
    }
  }
}
