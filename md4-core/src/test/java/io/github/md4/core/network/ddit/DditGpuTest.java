// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
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
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.InvertedRows;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.StepDraws.Step;
import io.github.md4.core.network.StoredValues;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frozen networks of the DDiT kind in bfloat16 against the same networks in float32. */
@Tag("gpu")
final class DditGpuTest {
  private static final int VOCABULARY = 58;
  private static final int STEPS = 6;
  private static final Inversion PLAIN = Inversion.of(Confidence.MARGIN);

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

  /** Steps as graphs, each of which begins with the draws of the one before. */
  @ParameterizedTest
  @MethodSource("cases")
  void steps_areThoseOfTheLogitsOneByOne(Case each) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(0));
        DditNetwork network =
            new DditNetwork(manager, each.config, VOCABULARY, Precision.BFLOAT16);
        FrozenDenoiser ours =
            network.loaded(manager, source(values(network)), Precision.FLOAT32).orElseThrow()) {
      int[] zt = Arrays.stream(ids(each)).mapToInt(Math::toIntExact).toArray();
      List<Step> steps = steps(each);
      List<double[]> drawn = drawn((StepDraws) ours, zt, steps);
      assertThat(drawn).hasSize(each.config.blockSize() > 0 ? 0 : STEPS);
      int same = 0;
      int all = 0;
      for (int k = 0; k < drawn.size(); k++) {
        Step step = steps.get(k);
        float[] logits = logits(manager, ours, each, zt, step);
        double[] expected = new InvertedRows(logits, VOCABULARY, PLAIN).drawn(step.rows().u());
        int rows = expected.length / 3;
        for (int r = 0; r < rows; r++) {
          all++;
          if (drawn.get(k)[r] == expected[r]) {
            same++;
            // Logits are rounded to bfloat16 once more, by 2^-9.
            assertThat(drawn.get(k)[rows + r]).isCloseTo(expected[rows + r], within(0.05));
          }
        }
        put(zt, step, drawn.get(k));
      }
      // What is on the other side of a bound by rounding is another token.
      assertThat(same).as("%d tokens", all).isGreaterThanOrEqualTo((int) (0.97 * all));
    }
  }

  /** Returns the draws of steps as graphs, which are made once there have been some of a kind. */
  private static List<double[]> drawn(StepDraws ours, int[] zt, List<Step> steps) {
    List<double[]> drawn = new ArrayList<>();
    int[] start = zt.clone();
    for (int go = 0; go < 3 * STEPS && drawn.size() < steps.size(); go++) {
      int before = drawn.size();
      ours.drawAhead(start.clone(), steps.subList(before, steps.size()).iterator(), PLAIN)
          .forEachRemaining(drawn::add);
      for (int k = before; k < drawn.size(); k++) {
        put(start, steps.get(k), drawn.get(k));
      }
    }
    return drawn;
  }

  private static List<Step> steps(Case each) {
    int positions = each.examples * each.length;
    return IntStream.range(0, STEPS)
        .mapToObj(
            k -> {
              int[] rows = IntStream.range(0, positions).filter(i -> (i + k) % 3 == 0).toArray();
              double[] u = new Noise(k).uniforms(Purpose.SAMPLE, 0, 0, rows.length);
              return new Step(new Condition(times(each, k), new int[0]), rows, u);
            })
        .toList();
  }

  private static void put(int[] zt, Step step, double[] drawn) {
    int[] rows = step.rows().positions();
    for (int r = 0; r < rows.length; r++) {
      zt[rows[r]] = (int) drawn[r];
    }
  }

  private static long[] ids(Case each) {
    long positions = (long) each.examples * each.length;
    return LongStream.range(0, positions).map(i -> i * 7919 % (VOCABULARY + 1)).toArray();
  }

  private static double[] times(Case each, int step) {
    double[] times = new double[each.examples];
    Arrays.setAll(times, b -> (0.1 + 0.3 * b + 0.05 * step) % 1);
    return times;
  }

  private static float[] logits(
      NDManager manager, Denoiser denoiser, Case each, int[] zt, Step step) {
    try (NDManager scope = manager.newSubManager()) {
      long[] ids = Arrays.stream(zt).asLongStream().toArray();
      long[] rows = Arrays.stream(step.rows().positions()).asLongStream().toArray();
      NDArray tokens = scope.create(ids, new Shape(each.examples, each.length));
      return denoiser.logits(tokens, step.condition(), scope.create(rows)).toFloatArray();
    }
  }

  private static float[] logits(NDManager manager, Denoiser denoiser, Case each, boolean isWhole) {
    long positions = (long) each.examples * each.length;
    long[] ids = ids(each);
    long[] rows = LongStream.range(0, positions).filter(i -> isWhole || i % 3 != 1).toArray();
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = scope.create(ids, new Shape(each.examples, each.length));
      Condition condition = new Condition(times(each, 0), new int[0]);
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
