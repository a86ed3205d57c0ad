// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.train.bench.BenchResult;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.TrainingConfig;
import java.util.List;

/**
 * The time of a training step on one GPU by a process that is alone, and by a job of one process
 * that makes all calls of NCCL. Run by hand.
 */
final class MachineryCost {
  private static final int ROUNDS = 3;
  private static final int VOCABULARY = 50_257;
  private static final int BATCH = 32;
  private static final int LENGTH = 1024;

  private MachineryCost() {}

  public static void main(String[] args) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      print("alone", Communicator.alone());
      for (boolean isSharded : new boolean[] {false, true}) {
        ParallelConfig config =
            new ParallelConfig(isSharded, ParallelConfig.defaults().gradients(), 1, 1);
        try (Communicator one = Jobs.ofOne(Device.gpu(), config)) {
          print(isSharded ? "job of one, sharded" : "job of one", one);
        }
      }
    }
  }

  private static void print(String name, Communicator communicator) {
    ModelConfig model = ModelConfig.defaults().withLength(LENGTH);
    TrainingConfig training = TrainingConfig.defaults().withBatching(Batching.of(BATCH));
    StepBench.Workload workload = new StepBench.Workload(model, training, VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        StepBench bench = new StepBench(manager, workload, communicator)) {
      BenchResult result = bench.run(StepBench.Repetitions.of(6, 30));
      System.out.printf(
          "%-20s %.3f ms (%s), memory %.2f GiB%n",
          name,
          result.throughput().milliseconds().median(),
          List.of(
              result.throughput().milliseconds().min(), result.throughput().milliseconds().max()),
          result.memory().peakBytes() / (double) (1 << 30));
    }
  }
}
