// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

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
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.StoredValues;
import io.github.md4.core.network.TimeFeatures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frozen networks of the DDiT kind in bfloat16 against the same networks in float32. */
@Tag("gpu")
final class DditGpuTest {
  private static final int VOCABULARY = 58;

  /**
   * The error may exceed that of TorchScript in bfloat16, which rounds at almost all the places.
   */
  private static final double SPARE = 1.5;

  private record Case(DditConfig config, int examples, int length) {}

  static List<Case> cases() {
    return List.of(
        new Case(new DditConfig(128, 2, 3, 32, TimeFeatures.T, 0), 3, 37),
        new Case(new DditConfig(256, 2, 2, 0, TimeFeatures.NONE, 0), 1, 300),
        new Case(new DditConfig(768, 12, 2, 128, TimeFeatures.NONE, 0), 1, 256),
        new Case(new DditConfig(256, 4, 3, 32, TimeFeatures.NONE, 0), 9, 70),
        new Case(new DditConfig(128, 1, 1, 32, TimeFeatures.T, 0), 2, 9),
        new Case(new DditConfig(128, 2, 3, 32, TimeFeatures.NONE, 4), 3, 36));
  }

  @BeforeEach
  void needsAHopperGpu() {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: its kernels of the DDiT kind are not tested");
  }

  /** Numbers that bfloat16 has, so that the weights themselves are not rounded. */
  private static Map<String, float[]> values(DditNetwork network) {
    Map<String, float[]> values = RandomParameters.values(network.specs(), 5);
    for (float[] each : values.values()) {
      for (int i = 0; i < each.length; i++) {
        each[i] = Float.intBitsToFloat(Float.floatToIntBits(each[i]) & 0xffff0000);
      }
    }
    return values;
  }

  private static ParameterSource source(Map<String, float[]> values) {
    return (spec, first, count) -> {
      ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES);
      data.order(ByteOrder.LITTLE_ENDIAN);
      data.asFloatBuffer().put(values.get(spec.name()), Math.toIntExact(first), count);
      return new StoredValues(FloatFormat.FLOAT32, data);
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void logits_areAsNearToFloat32AsTorchScripts(Case each) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(0));
        DditNetwork wide = new DditNetwork(manager, each.config, VOCABULARY, Precision.FLOAT32);
        DditNetwork narrow =
            new DditNetwork(manager, each.config, VOCABULARY, Precision.BFLOAT16)) {
      Map<String, float[]> values = values(wide);
      try (Parameters parameters =
              Parameters.of(manager, wide.specs(), (spec, index) -> values.get(spec.name()));
          FrozenDenoiser ours =
              narrow.loaded(manager, source(values), Precision.FLOAT32).orElseThrow()) {
        assertThat(ours.description()).contains("our own");
        for (boolean isWhole : new boolean[] {false, true}) {
          float[] exact = logits(manager, wide.denoiser(parameters), each, isWhole);
          float[] script = logits(manager, narrow.denoiser(parameters), each, isWhole);
          float[] found = logits(manager, ours, each, isWhole);
          assertThat(distance(script, exact)).isBetween(1e-4, 0.05);
          assertThat(distance(found, exact)).isLessThan(SPARE * distance(script, exact));
        }
      }
    }
  }

  /** Calls for all positions: others are recorded with more rows, and rounded elsewhere. */
  @ParameterizedTest
  @MethodSource("cases")
  void graphs_haveTheBitsOfTheirLaunches(Case each) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(0));
        DditNetwork network =
            new DditNetwork(manager, each.config, VOCABULARY, Precision.BFLOAT16);
        FrozenDenoiser ours =
            network.loaded(manager, source(values(network)), Precision.FLOAT32).orElseThrow()) {
      assertThat(ours.description()).endsWith(", as graphs");
      float[] launched = logits(manager, ours, each, true);
      for (int call = 1; call < 2 * GraphCalls.CALLS_BEFORE; call++) {
        assertThat(logits(manager, ours, each, true)).isEqualTo(launched);
      }
    }
  }

  private static float[] logits(NDManager manager, Denoiser denoiser, Case each, boolean isWhole) {
    long positions = (long) each.examples * each.length;
    long[] ids = LongStream.range(0, positions).map(i -> i * 7919 % (VOCABULARY + 1)).toArray();
    long[] rows = LongStream.range(0, positions).filter(i -> isWhole || i % 3 != 1).toArray();
    double[] times = new double[each.examples];
    Arrays.setAll(times, b -> (0.1 + 0.3 * b) % 1);
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = scope.create(ids, new Shape(each.examples, each.length));
      Condition condition = new Condition(times, new int[0]);
      return denoiser.logits(zt, condition, scope.create(rows)).toFloatArray();
    }
  }

  /** Returns the length of the difference over that of the expected. */
  private static double distance(float[] ours, float[] expected) {
    assertThat(ours).hasSameSizeAs(expected);
    double difference = 0;
    double whole = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(ours[i] - expected[i], 2);
      whole += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / whole);
  }
}
