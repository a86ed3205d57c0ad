// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.MixedLengths;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.SameInBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sequences of several lengths in one call, each bit for bit as alone. */
@Tag("exact")
final class MixedLengthsTest {
  private static final int VOCABULARY = 67;

  /** Numbers of examples and lengths; a length comes twice, as guidance shows it. */
  private static final int[][] SIZES = {{3, 7}, {1, 1}, {2, 12}, {5, 3}, {1, 59}, {2, 12}};

  /** The mean of fewer than 16 channels is summed by other instructions with more positions. */
  private static final int LEAST_WIDTH = 16;

  static Stream<TransformerConfig> networks() {
    TransformerConfig wide = TransformerConfig.defaults().withLayers(2);
    return Stream.concat(
            Networks.ALL.stream(),
            Stream.of(
                wide.withHeads(4, 12),
                wide.withHeads(4, 64),
                Networks.INSIDE_PLAIN.withHeads(4, 12),
                Networks.INSIDE_PLAIN.withKeyValueHeads(1).withHeads(3, 10),
                Networks.OUTSIDE_PLAIN_CAUSAL.withHeads(2, 14)))
        .filter(config -> config.heads() * config.headWidth() >= LEAST_WIDTH);
  }

  private record Group(Inputs inputs, int[] positions) {
    static Group of(TransformerConfig config, int examples, int length) {
      int[] asked = IntStream.range(0, examples * length).filter(n -> n % 5 != 1).toArray();
      return new Group(Inputs.random(config, examples, length, VOCABULARY), asked);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void sequence_isBitForBitAsAlone(TransformerConfig config) {
    List<Group> groups =
        Arrays.stream(SIZES).map(size -> Group.of(config, size[0], size[1])).toList();
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      float[] together = together(manager, frozen.mixedLengths().orElseThrow(), groups);
      int before = manager.getManagedArrays().size();
      assertThat(together(manager, frozen.mixedLengths().orElseThrow(), groups))
          .isEqualTo(together);
      assertThat(manager.getManagedArrays()).as("left behind").hasSize(before);
      assertThat(together).isEqualTo(alone(manager, frozen, groups));
      for (Group group : groups) {
        try (NDManager scope = manager.newSubManager()) {
          NDArray rows = scope.create(Arrays.stream(group.positions).asLongStream().toArray());
          assertThat(
                  frozen
                      .logits(group.inputs.zt(scope), group.inputs.condition(), rows)
                      .toFloatArray())
              .isEqualTo(alone(manager, frozen, List.of(group)));
        }
      }
    }
  }

  /** The same on a thread that computes alone where the engine has more threads. */
  @ParameterizedTest
  @MethodSource("networks")
  void sequence_isBitForBitAsAloneOnAThreadThatComputesAlone(TransformerConfig config)
      throws Exception {
    int before = EngineThreads.count();
    EngineThreads.set(2);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      List<Group> groups =
          Arrays.stream(SIZES).map(size -> Group.of(config, size[0], size[1])).toList();
      assertThat(SameInBatch.widthOf(frozen)).hasValue(config.heads() * config.headWidth());
      onThreadOfItsOwn(
          () ->
              assertThat(together(manager, frozen.mixedLengths().orElseThrow(), groups))
                  .isEqualTo(alone(manager, frozen, groups)));
    } finally {
      EngineThreads.set(before);
    }
  }

  private static void onThreadOfItsOwn(Runnable work) throws Exception {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              EngineThreads.computeAlone();
              work.run();
            },
            null);
    new Thread(task).start();
    task.get();
  }

  /** Products have four rows at least, of few tokens too. */
  @ParameterizedTest
  @MethodSource("networks")
  void fewTokens_areBitForBitAsAlone(TransformerConfig config) {
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      List<Group> groups = List.of(Group.of(config, 1, 1), Group.of(config, 1, 2));
      assertThat(together(manager, frozen.mixedLengths().orElseThrow(), groups))
          .isEqualTo(alone(manager, frozen, groups));
    }
  }

  private static float[] together(NDManager manager, MixedLengths network, List<Group> groups) {
    try (NDManager scope = manager.newSubManager()) {
      List<NDArray> zts = new ArrayList<>();
      List<Long> rows = new ArrayList<>();
      long first = 0;
      for (Group group : groups) {
        NDArray zt = group.inputs.zt(scope);
        zts.add(zt);
        for (int position : group.positions) {
          rows.add(first + position);
        }
        first += zt.size();
      }
      double[] times =
          groups.stream().flatMapToDouble(g -> Arrays.stream(g.inputs.times())).toArray();
      int[] labels = groups.stream().flatMapToInt(g -> Arrays.stream(g.inputs.labels())).toArray();
      NDArray flat = scope.create(rows.stream().mapToLong(row -> row).toArray());
      return network.logits(zts, new Condition(times, labels), flat).toFloatArray();
    }
  }

  /** The logits of all, each example in a call of its own. */
  private static float[] alone(NDManager manager, Denoiser network, List<Group> groups) {
    List<float[]> parts = new ArrayList<>();
    for (Group group : groups) {
      int length = group.inputs.zt()[0].length;
      for (int b = 0; b < group.inputs.zt().length; b++) {
        int first = b * length;
        long[] rows =
            Arrays.stream(group.positions)
                .filter(n -> n >= first && n < first + length)
                .mapToLong(n -> n - first)
                .toArray();
        if (rows.length > 0) {
          try (NDManager scope = manager.newSubManager()) {
            Inputs one = group.inputs.part(b, b + 1);
            parts.add(
                network.logits(one.zt(scope), one.condition(), scope.create(rows)).toFloatArray());
          }
        }
      }
    }
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
