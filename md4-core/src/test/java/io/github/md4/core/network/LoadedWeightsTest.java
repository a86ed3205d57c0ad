// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.FloatFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.cuda.DeviceAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The owner of a network's kernels and weights. */
final class LoadedWeightsTest {
  private static final String NAME = "norm.weight";
  private static final String WIDE = "head.weight";
  private static final String FAILED = "cannot be made";
  private static final List<ParameterSpec> SPECS =
      List.of(Specs.ones(NAME, 5), Specs.zeros(WIDE, 67, 3), Specs.ones("last.weight", 2));

  private final NDManager manager = NDManager.newBaseManager();
  private final List<String> closed = new ArrayList<>();

  /** A network that only frees what it is given. */
  private record Freeing(Runnable freeing) implements FrozenDenoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String description() {
      return "nothing";
    }

    @Override
    public void close() {
      freeing.run();
    }
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private LoadedWeights weights() throws IOException {
    ParameterSource ones =
        (spec, first, count) -> {
          ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES);
          data.order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < count; i++) {
            data.putFloat(i * Float.BYTES, 1);
          }
          return new StoredValues(FloatFormat.FLOAT32, data);
        };
    return LoadedWeights.read(manager, SPECS, Precision.FLOAT32, ones);
  }

  /** The memory is that of the weight: nothing is there twice. */
  @Test
  void padded_isTheWeightAndRowsOfZeros() throws IOException {
    try (LoadedWeights weights = weights()) {
      assertThat(weights.of(WIDE).getShape()).isEqualTo(new Shape(67, 3));
      NDArray padded = weights.padded(WIDE);
      assertThat(padded.getShape()).isEqualTo(new Shape(128, 3));
      assertThat(padded.get("0:67").toFloatArray()).containsOnly(1);
      assertThat(padded.get("67:").toFloatArray()).containsOnly(0);
      assertThat(DeviceAddress.of(padded)).isEqualTo(DeviceAddress.of(weights.of(WIDE)));
      assertThatThrownBy(() -> weights.padded("none")).hasMessageContaining("none");
    }
  }

  @Test
  void network_freesKernelsAndWeightsWhenItIsClosed() throws IOException {
    LoadedWeights weights = weights();
    NDArray weight = weights.of(NAME);
    FrozenDenoiser network =
        weights.frozen(() -> "kernels", closed::add, (kernels, freeing) -> new Freeing(freeing));
    assertThat(closed).isEmpty();
    assertThat(weight.isReleased()).isFalse();
    network.close();
    assertThat(closed).containsExactly("kernels");
    assertThat(weight.isReleased()).isTrue();
  }

  @Test
  void kernelsThatCannotBeMade_freeTheWeights() throws IOException {
    assertFreed(
        () -> {
          throw new IllegalStateException(FAILED);
        },
        (kernels, freeing) -> new Freeing(freeing));
    assertThat(closed).isEmpty();
  }

  @Test
  void networkThatCannotBeMade_freesKernelsAndWeights() throws IOException {
    assertFreed(
        () -> "kernels",
        (kernels, freeing) -> {
          throw new IllegalStateException(FAILED);
        });
    assertThat(closed).containsExactly("kernels");
  }

  private void assertFreed(
      Supplier<String> kernels, BiFunction<String, Runnable, FrozenDenoiser> network)
      throws IOException {
    LoadedWeights weights = weights();
    NDArray weight = weights.of(NAME);
    assertThatThrownBy(() -> weights.frozen(kernels, closed::add, network)).hasMessage(FAILED);
    assertThat(weight.isReleased()).isTrue();
  }
}
