// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.GenMd4Gradient;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.LeaveOneOut;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** The official GenMD4 loss and gradients, number by number (spec, Sections 3 and 11). */
@Tag("golden")
final class GenMd4GoldenTest {
  private static final double LOSSES = 1e-5;

  /**
   * Of the gradient by the powers, over its largest element: sums of float32 losses, each good to
   * 1e-7 of itself, and of differences of two that are ten times smaller.
   */
  private static final double POWER_GRADIENT = 2e-6;

  private static final double GRADIENTS = 5e-4;
  private static final String SECTION = "genmd4";
  private static final String POWERS_LEAF = "noise_schedule/w";
  private static final DropoutNoise NONE = new DropoutNoise(new Noise(0), 0, 0);

  @TestFactory
  List<DynamicTest> genMd4_isTheReference() {
    if (!Golden.has(Golden.root(), SECTION) || !Golden.has(Golden.root(), "text")) {
      return List.of(Golden.missing(SECTION + " with text"));
    }
    List<DynamicTest> tests = new ArrayList<>();
    add(tests, "power=softplus(w)", Computed::powers);
    add(tests, "loss_diff_1", c -> c.losses("loss_diff_1", c.l1));
    add(tests, "loss_diff_2", c -> c.losses("loss_diff_2", c.l2));
    add(tests, "rloo_1", Computed::leaveOneOut);
    add(tests, "recon", Computed::reconstruction);
    add(tests, "surrogate_total_nats", Computed::surrogate);
    add(tests, "nelbo_nats", c -> c.total("nelbo_nats", c.bound()));
    add(tests, "grad_w_of_surrogate_nats", Computed::powerGradient);
    add(tests, "grad_l2", Computed::gradientNorms);
    return tests;
  }

  private static void add(List<DynamicTest> tests, String field, Consumer<Computed> check) {
    tests.add(
        Golden.has(Golden.section(SECTION), field)
            ? DynamicTest.dynamicTest(field, () -> check.accept(Computed.of()))
            : Golden.missing(SECTION + " " + field));
  }

  /** Our side of the case. */
  private static final class Computed {
    private final JsonObject json = Golden.section(SECTION);
    private final ReferenceCase reference = new ReferenceCase(Golden.section("text"), json);
    private final double[] times = Golden.doubles(Golden.field(json, "t_used"));
    private final float[] raw = Golden.floats(Golden.field(json, "w_raw"));
    private final GenMd4Schedule schedule =
        GenMd4Schedule.ofRaw(
            raw, reference.space.vocabularySize(), Golden.field(json, "eps").getAsDouble());
    private final GenMd4Objective elbo = new GenMd4Objective(schedule, TimeFloor.REFERENCE);
    private final GenMd4Gradient gradient = new GenMd4Gradient(schedule, times.length);
    private final Map<String, Double> norms = new TreeMap<>();
    private double[] l1;
    private double[] l2;
    private double diffusion; // bits per token, as it comes from the device

    static Computed of() {
      Computed computed = new Computed();
      computed.run();
      return computed;
    }

    private void run() {
      try (NDManager manager = NDManager.newBaseManager();
          Network network = reference.network(manager, Precision.FLOAT32);
          Parameters parameters = reference.parameters(manager, network);
          TrainableNetwork trainable =
              network.trainable(manager, parameters, Training.TORCHSCRIPT)) {
        List<float[]> gradients = new ArrayList<>();
        GenMd4Gradient.Loss first = loss(manager, trainable, "zt1", gradients);
        GenMd4Gradient.Loss second = loss(manager, trainable, "zt2", gradients);
        l1 = first.batch().values(first.ofRows());
        l2 = second.batch().values(second.ofRows());
        gradient.add(first, second);
        addNorms(gradients);
      }
    }

    /** Adds the sample's gradients to those that are there. */
    private GenMd4Gradient.Loss loss(
        NDManager manager, TrainableNetwork trainable, String sample, List<float[]> gradients) {
      QueryBatch batch = reference.batch(elbo, sample, uniforms());
      NetworkInput input = new NetworkInput(batch.zt(), batch.condition(), batch.rows());
      float[] weights = batch.rowWeights(2 * batch.batchSize());
      try (TrainingPass pass = trainable.forward(manager, input, NONE);
          GenMd4Loss loss =
              pass.logits().genMd4(manager, batch.targets(), weights, elbo.rowLoss().powers())) {
        diffusion += loss.sum().getFloat();
        pass.backward();
        List<float[]> own = Training.values(trainable.gradients());
        for (int i = 0; i < own.size(); i++) {
          if (gradients.size() < own.size()) {
            gradients.add(own.get(i));
          } else {
            addTo(gradients.get(i), own.get(i));
          }
        }
        return new GenMd4Gradient.Loss(
            batch, loss.ofRows().toFloatArray(), loss.byPower().toFloatArray());
      }
    }

    private static void addTo(float[] sum, float[] each) {
      for (int j = 0; j < sum.length; j++) {
        sum[j] += each[j];
      }
    }

    /** The uniforms that give the case's times. */
    private double[] uniforms() {
      double floor = GenMd4Schedule.TIME_FLOOR;
      return Arrays.stream(times).map(t -> (t - floor) / (1 - floor)).toArray();
    }

    private QueryBatch batch(String sample) {
      return reference.batch(elbo, sample, uniforms());
    }

    /** A nat of one sequence in bits per token of all. */
    private double share() {
      return 1 / natsPerBit() / times.length;
    }

    private double known(int[] x) {
      return Arrays.stream(x).mapToDouble(elbo::known).sum();
    }

    private double natsPerBit() {
      return Math.log(2) * reference.length();
    }

    private void addNorms(List<float[]> gradients) {
      List<String> names = reference.reference.names();
      reference
          .reference
          .leaves()
          .forEach(
              (path, leaf) ->
                  norms.put(
                      path,
                      natsPerBit()
                          * reference.reference.norm(
                              leaf, gradients.get(names.indexOf(leaf.parameter())))));
      double square = 0;
      for (double g : byRaw()) {
        square += g * g;
      }
      norms.put(POWERS_LEAF, Math.sqrt(square));
    }

    private double[] byRaw() {
      float[] bits = GenMd4Schedule.gradientByRaw(gradient.byPower(), raw);
      double[] nats = new double[bits.length];
      Arrays.setAll(nats, v -> bits[v] * natsPerBit());
      return nats;
    }

    void powers() {
      double[] expected = Golden.doubles(Golden.field(json, "power=softplus(w)"));
      for (int v = 0; v < expected.length; v++) {
        // The reference's are float32.
        assertThat(schedule.power(v)).isCloseTo(expected[v], within(2e-7 * expected[v]));
      }
    }

    void losses(String field, double[] ours) {
      double[] expected = Golden.doubles(Golden.field(json, field));
      assertThat(ours).hasSameSizeAs(expected);
      for (int b = 0; b < expected.length; b++) {
        assertThat(ours[b]).isCloseTo(expected[b], within(LOSSES * expected[b]));
      }
    }

    private double[] leaveOneOutTerms() {
      return new LeaveOneOut(schedule, batch("zt1"), batch("zt2")).terms(l1, l2);
    }

    /** Half a difference of losses times a log-odds: an error of either loss is multiplied. */
    void leaveOneOut() {
      double[] expected = Golden.doubles(Golden.field(json, "rloo_1"));
      double[] ours = leaveOneOutTerms();
      for (int b = 0; b < expected.length; b++) {
        double slope = Math.abs(expected[b] / (l1[b] - l2[b]));
        assertThat(ours[b])
            .isCloseTo(
                expected[b], within(LOSSES * (slope * (l1[b] + l2[b]) + Math.abs(expected[b]))));
      }
    }

    private double bound() {
      QueryBatch batch = batch("zt1");
      double sum = diffusion;
      for (int[] x : batch.x()) {
        sum += share() * known(x);
      }
      return sum;
    }

    void surrogate() {
      double sum = bound();
      for (double nats : leaveOneOutTerms()) {
        sum += share() * nats;
      }
      total("surrogate_total_nats", sum);
    }

    void reconstruction() {
      double[] expected = Golden.doubles(Golden.field(json, "recon"));
      int[][] x = batch("zt1").x();
      for (int b = 0; b < expected.length; b++) {
        assertThat(known(x[b])).isCloseTo(expected[b], within(LOSSES * expected[b]));
      }
    }

    void total(String field, double bitsPerToken) {
      double expected = Golden.field(json, field).getAsDouble();
      assertThat(natsPerBit() * bitsPerToken).isCloseTo(expected, within(LOSSES * expected));
    }

    void powerGradient() {
      double[] expected = Golden.doubles(Golden.field(json, "grad_w_of_surrogate_nats"));
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      double[] ours = byRaw();
      assertThat(ours).hasSameSizeAs(expected);
      for (int v = 0; v < expected.length; v++) {
        assertThat(ours[v]).as("w[%d]", v).isCloseTo(expected[v], within(POWER_GRADIENT * largest));
      }
    }

    void gradientNorms() {
      JsonObject expected = Golden.object(json, "grad_l2");
      assertThat(norms.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
      for (String path : expected.keySet()) {
        double norm = expected.get(path).getAsDouble();
        assertThat(norms.get(path)).as(path).isCloseTo(norm, within(GRADIENTS * norm));
      }
    }
  }
}
