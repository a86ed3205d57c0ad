// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.NativeHeap;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions.Recompute;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The owners of a transformer's arrays. */
@Tag("exact")
final class TransformerMemoryTest {
  private static final int READINGS = 30;
  private static final int VOCABULARY = 11;
  private static final int STEPS = 200;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<TransformerConfig> networks() {
    return Networks.ALL;
  }

  @ParameterizedTest
  @MethodSource("networks")
  void denoiser_leavesOneArrayBehind(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, 3, 5, VOCABULARY);
    try (Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        NDManager scope = manager.newSubManager()) {
      assertThat(inputs.logits(manager, network, parameters)).isNotEmpty(); // the rotary tables
      NDArray zt = inputs.zt(scope);
      NDArray rows = inputs.allRows(scope);
      int inScope = scope.getManagedArrays().size();
      int inAll = manager.getManagedArrays().size();
      NDArray logits = network.denoiser(parameters).logits(zt, inputs.condition(), rows);
      assertThat(logits.getManager()).isSameAs(scope);
      assertThat(scope.getManagedArrays().size()).isEqualTo(inScope + 1);
      assertThat(manager.getManagedArrays().size()).isEqualTo(inAll + 1);
    }
  }

  @Test
  void trainingSteps_leaveNothingBehind() {
    TransformerConfig config = Networks.withDropout(Networks.INSIDE_TIME_CLASSES, 0.1, 0.1);
    Inputs inputs = Inputs.random(config, 3, 5, VOCABULARY);
    try (Network network = new Transformer(manager, config, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        Parameters first = parameters.zeros();
        Parameters second = parameters.zeros();
        TrainableNetwork trainable = network.trainable(manager, parameters, Training.TORCHSCRIPT)) {
      Training training = new Training(trainable, parameters, inputs);
      Trained trained =
          new Trained(parameters.flat(), first.flat(), second.flat(), parameters.flat());
      int before = 0;
      for (int k = 1; k <= STEPS; k++) {
        try (NDManager scope = manager.newSubManager()) {
          training.run(scope);
          OptimizerKernels.Numbers numbers =
              new OptimizerKernels.Numbers(1e-3, 0.9, 0.999, 1e-8, 0, 1, 1, 0, Optional.empty());
          trainable.optimizer().update(trained, trainable.gradients(), numbers);
        }
        before = k == 1 ? manager.getManagedArrays().size() : before;
      }
      assertThat(manager.getManagedArrays().size()).isEqualTo(before);
    }
  }

  /**
   * The memory that 16 layers keep for the backward pass, against their inputs and the last one's.
   */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void forward_withRecomputationKeepsAFractionOfTheMemory(Precision precision) {
    assumeTrue(NativeHeap.bytes().isPresent(), "the C library does not tell what is taken of it");
    TransformerConfig config = Networks.withShape(Networks.OUTSIDE_TIME, 16, 4, 16);
    Inputs inputs = Inputs.random(config, 12, 128, VOCABULARY); // the heap's own play is some 4 MB
    long all = kept(config, precision, Recompute.NONE, inputs, Long.MAX_VALUE);
    long stream = 4L * 12 * 128 * config.width();
    assertThat(all).isGreaterThan(16 * 10 * stream);
    assertThat(kept(config, precision, Recompute.LAYER, inputs, all / 6)).isLessThan(all / 6);
  }

  /**
   * Bytes that are taken between a way forward and the way back, and were not before: the first
   * reading below {@code enough}, or the last of some, since the heap is the whole process's and
   * the JVM's threads take of it, too.
   */
  private long kept(
      TransformerConfig config,
      Precision precision,
      Recompute recompute,
      Inputs inputs,
      long enough) {
    try (NDManager scope = manager.newSubManager();
        Network network = new Transformer(scope, config, VOCABULARY, precision);
        Parameters parameters = RandomParameters.of(scope, network, 31);
        TrainableNetwork trainable =
            network.trainable(scope, parameters, Training.torchScript(recompute))) {
      Training training = new Training(trainable, parameters, inputs);
      training.run(scope); // what is made once is made
      long bytes = kept(training, scope);
      for (int i = 1; i < READINGS && bytes >= enough; i++) {
        bytes = kept(training, scope);
      }
      return bytes;
    }
  }

  private static long kept(Training training, NDManager scope) {
    long before = NativeHeap.bytes().orElseThrow();
    AtomicLong between = new AtomicLong();
    training.run(scope, () -> between.set(NativeHeap.bytes().orElseThrow()));
    return between.get() - before;
  }
}
