// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.FloatFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.StoredValues;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Llama kind's kernels of our own in bfloat16 against the same network in float32. */
@Tag("gpu")
final class LlamaGpuTest {
  private static final int ROWS = 130;
  private static final double EPSILON = 1e-5;

  /** The error may exceed that of the same pass in TorchScript, which rounds at the same places. */
  private static final double SPARE = 1.2;

  private record Case(LlamaConfig config, int examples, int length) {}

  static List<Case> cases() {
    return List.of(
        new Case(config(64, 4, 4, false, false, false), 1, 5),
        new Case(config(64, 6, 2, true, false, true), 3, 65),
        new Case(config(128, 4, 2, false, true, true), 2, 193),
        new Case(config(128, 3, 3, false, false, false), 1, 1030),
        new Case(config(64, 2, 1, true, true, false), 34, 70));
  }

  private static LlamaConfig config(
      int headWidth,
      int heads,
      int keyValueHeads,
      boolean isBiased,
      boolean hasHeadNorms,
      boolean isShifted) {
    int width = 2 * 120;
    return new LlamaConfig(
        width,
        heads,
        keyValueHeads,
        headWidth,
        3,
        3 * 56,
        1e4,
        EPSILON,
        isBiased,
        hasHeadNorms,
        false,
        isShifted,
        ROWS - 1);
  }

  @BeforeEach
  void needsAHopperGpu() {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: its kernels of the Llama kind are not tested");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void logits_areAsNearToFloat32AsTorchScripts(Case each) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(0));
        LlamaNetwork wide = new LlamaNetwork(manager, each.config, ROWS, Precision.FLOAT32);
        LlamaNetwork narrow = new LlamaNetwork(manager, each.config, ROWS, Precision.BFLOAT16);
        Parameters parameters =
            Parameters.of(manager, wide.specs(), (spec, index) -> values(spec));
        FrozenDenoiser ours =
            narrow
                .loaded(
                    manager, (spec, first, count) -> stored(spec, first, count), Precision.FLOAT32)
                .get()) {
      assertThat(ours.description()).contains("our own");
      float[] exact = logits(manager, wide.denoiser(parameters), each);
      double script = distance(logits(manager, narrow.denoiser(parameters), each), exact);
      float[] found = logits(manager, ours, each);
      assertThat(script).isBetween(1e-4, 0.05);
      assertThat(distance(found, exact)).isLessThan(SPARE * script);
      assertThat(logits(manager, ours, each)).isEqualTo(found);
    }
  }

  private static float[] logits(NDManager manager, Denoiser denoiser, Case each) {
    long positions = (long) each.examples * each.length;
    long[] ids = LongStream.range(0, positions).map(i -> i * 7919 % (ROWS + 1)).toArray();
    long[] rows = LongStream.range(0, positions).filter(i -> i % 3 != 1).toArray();
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = scope.create(ids, new Shape(each.examples, each.length));
      Condition condition = Condition.at(0.5, each.examples);
      return denoiser.logits(zt, condition, scope.create(rows)).toFloatArray();
    }
  }

  /** Returns numbers that bfloat16 has, so that the weights themselves are not rounded. */
  private static float[] values(ParameterSpec spec) {
    Random random = new Random(spec.name().hashCode());
    boolean isNorm = spec.shape().dimension() == 1 && spec.name().endsWith("orm.weight");
    float[] values = new float[Math.toIntExact(spec.shape().size())];
    for (int i = 0; i < values.length; i++) {
      double value = isNorm ? 1 + 0.1 * random.nextGaussian() : 0.08 * random.nextGaussian();
      values[i] = Float.intBitsToFloat(Float.floatToIntBits((float) value) & 0xffff0000);
    }
    return values;
  }

  private static StoredValues stored(ParameterSpec spec, long first, int count) {
    float[] values = values(spec);
    ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES);
    data.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      data.putFloat(values[Math.toIntExact(first + i)]);
    }
    return new StoredValues(FloatFormat.FLOAT32, data.flip());
  }

  /** Returns the length of the difference over that of the expected, but for the mask's column. */
  private static double distance(float[] ours, float[] expected) {
    double difference = 0;
    double whole = 0;
    for (int i = 0; i < expected.length; i++) {
      if (i % ROWS != ROWS - 1) {
        difference += Math.pow(ours[i] - expected[i], 2);
        whole += Math.pow(expected[i], 2);
      }
    }
    return Math.sqrt(difference / whole);
  }
}
