// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.TrainableNetwork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces of a state, moved by several processes, against the whole of it, moved by one. */
@Tag("exact")
@Timeout(60)
final class ShardedStateTest {
  private static final int UPDATES = 3;

  /** Segments of one, two and one arrays. */
  private static final List<Shape> SHAPES =
      List.of(new Shape(5, 3), new Shape(70, 2), new Shape(3), new Shape(11, 7));

  private static final int[] SEGMENTS = {0, 1, 3};

  /** A network whose forward pass reads a copy of all parameters, and the first segment itself. */
  private record Copying(OptimizerKernels optimizer, FlatArrays exact, FlatArrays working)
      implements TrainableNetwork {
    @Override
    public Prepared prepare(NetworkInput input, DropoutNoise noise) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FlatArrays gradients() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int[] segments() {
      return SEGMENTS;
    }

    @Override
    public int exactSegments() {
      return 1;
    }

    @Override
    public Optional<OptimizerKernels.Movement> movement(FlatArrays workingPiece) {
      return Optional.of(
          (trained, g, numbers) -> {
            optimizer.update(trained, g, numbers);
            optimizer.copy(workingPiece, trained.parameters());
          });
    }

    @Override
    public String description() {
      return "copies";
    }

    @Override
    public void close() {}
  }

  /** What an optimizer moves, of which moments and average come and go. */
  private static final class Model implements OptimizerState.WholeModel {
    private final FlatArrays parameters;
    private Trained all;

    Model(NDManager manager) {
      this.parameters = FlatArrays.zeros(manager, SHAPES, Precision.FLOAT32);
      parameters.fill(values(parameters, 1));
      this.all = moments();
      all.average().fill(values(parameters, 1));
    }

    private Trained moments() {
      return new Trained(
          parameters,
          parameters.zeros(Precision.FLOAT32),
          parameters.zeros(Precision.FLOAT32),
          parameters.zeros(Precision.FLOAT32));
    }

    @Override
    public Trained fill() {
      all = moments();
      return all;
    }

    @Override
    public void thin() {
      all.first().close();
      all.second().close();
      all.average().close();
    }

    private List<float[]> contents() {
      List<float[]> values = new ArrayList<>();
      for (FlatArrays each : List.of(all.parameters(), all.first(), all.second(), all.average())) {
        values.add(each.whole().toFloatArray());
      }
      return values;
    }
  }

  private static float[] values(FlatArrays like, int seed) {
    float[] values = new float[Math.toIntExact(like.whole().getShape().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 + seed * 101) % 211 / 211f - 0.5f;
    }
    return values;
  }

  private static OptimizerKernels.Numbers numbers(int update) {
    return new OptimizerKernels.Numbers(
        0.01,
        0.9,
        0.99,
        1e-8,
        0.1,
        1 - Math.pow(0.9, update),
        1 - Math.pow(0.99, update),
        0.5,
        Optional.empty());
  }

  private static List<float[]> movedByOne() {
    try (NDManager manager = NDManager.newBaseManager();
        OptimizerKernels kernels = new OptimizerKernels(manager)) {
      Model model = new Model(manager);
      FlatArrays gradient = model.parameters.zeros(Precision.FLOAT32);
      for (int update = 1; update <= UPDATES; update++) {
        gradient.fill(values(gradient, update + 1));
        kernels.update(model.all, gradient, numbers(update));
      }
      return model.contents();
    }
  }

  /** Returns what one of the processes has after all updates. */
  private static List<float[]> movedTogether(int rank, int ranks, int port) throws IOException {
    ParallelConfig config = new ParallelConfig(true, Precision.FLOAT32, 20, 20);
    Job job = new Job(rank, ranks, rank, "127.0.0.1", port, "");
    Claims claims = Claims.of("md4", "", "");
    try (Communicator together = Jobs.join(job, Device.cpu(), claims, config, failure -> {});
        NDManager manager = NDManager.newBaseManager();
        OptimizerKernels kernels = new OptimizerKernels(manager)) {
      Model model = new Model(manager);
      FlatArrays copy = model.parameters.copy();
      Copying network = new Copying(kernels, model.parameters, copy);
      List<float[]> values = new ArrayList<>();
      try (OptimizerState state = together.state(manager, network, model.all)) {
        state.begin(model);
        ShardPieces pieces = new ShardPieces(network, together.share());
        FlatArrays gradient = copy.zeros(Precision.FLOAT32);
        FlatArrays own = gradient.shard(pieces.shardLength(), Precision.FLOAT32);
        for (int update = 1; update <= UPDATES; update++) {
          gradient.fill(values(gradient, update + 1));
          List<FlatArrays> from = pieces.inWhole(gradient);
          List<FlatArrays> to = pieces.inShard(own);
          for (int i = 0; i < to.size(); i++) {
            kernels.copy(to.get(i), from.get(i));
          }
          state.kernels().update(state.trained(), own, numbers(update));
          state.publish();
          if (update == 1) {
            state.whole(model, () -> {}); // after which all goes on
          }
        }
        values.add(copy.whole().toFloatArray());
        values.add(model.parameters.array(0).toFloatArray());
        assertThat(state.isFinite(manager)).isTrue();
        state.whole(model, () -> values.addAll(model.contents()));
        values.add(model.parameters.array(0).toFloatArray());
      }
      return values;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void pieces_areMovedAsTheWhole(int ranks) throws Exception {
    List<float[]> one = movedByOne();
    ExecutorService threads = Executors.newFixedThreadPool(ranks);
    try (HeldPort port = HeldPort.choose()) {
      List<Future<List<float[]>>> all = new ArrayList<>();
      for (int rank = 0; rank < ranks; rank++) {
        int own = rank;
        all.add(threads.submit(() -> movedTogether(own, ranks, port.number())));
      }
      for (Future<List<float[]>> each : all) {
        List<float[]> values = each.get();
        float[] parameters = one.get(0);
        float[] first = Arrays.copyOf(parameters, 5 * 3);
        assertThat(values.get(0)).isEqualTo(parameters); // the copy that the forward pass reads
        assertThat(values.get(1)).isEqualTo(first); // what it reads in float32
        for (int i = 0; i < one.size(); i++) {
          assertThat(values.get(2 + i)).isEqualTo(one.get(i));
        }
        assertThat(values.get(2 + one.size())).isEqualTo(first);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
