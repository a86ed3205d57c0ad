// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/** The official transformer and losses, number by number (spec, Section 11). */
@Tag("golden")
final class TransformerGoldenTest {
  private static final double LOGITS = 2e-6;
  private static final double LOSSES = 1e-5;
  private static final double GRADIENTS = 5e-4;
  private static final String LOSS = "loss_diff_per_example_nats_";
  private static final String GRADIENT = "grad_l2_of_batch_mean_nats_";
  private static final DropoutNoise NONE = new DropoutNoise(new Noise(0), 0, 0);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());
  private static final TimeAxis CONTINUOUS = new TimeAxis.Continuous();

  private final List<DynamicTest> tests = new ArrayList<>();

  @TestFactory
  List<DynamicTest> transformer_isTheReference() {
    if (!Golden.has(Golden.root(), "text")) {
      return List.of(Golden.missing("text"));
    }
    JsonObject section = Golden.section("text");
    for (Map.Entry<String, JsonElement> entry : Golden.object(section, "cases").entrySet()) {
      addCase(entry.getKey(), section, entry.getValue().getAsJsonObject());
    }
    return tests;
  }

  private void addCase(String name, JsonObject section, JsonObject json) {
    add(name + " logits", json, "logits", () -> logits(new ReferenceCase(section, json)));
    add(
        name + " reconstruction",
        json,
        "recon_loss_nats",
        () -> reconstruction(new ReferenceCase(section, json)));
    List<String> axes = json.keySet().stream().filter(f -> f.startsWith(LOSS)).toList();
    if (axes.isEmpty()) {
      tests.add(Golden.missing(name + " " + LOSS + "*"));
    }
    for (String field : axes) {
      String axis = field.substring(LOSS.length());
      add(name + " loss " + axis, json, field, () -> loss(new ReferenceCase(section, json), axis));
      add(
          name + " gradients " + axis,
          json,
          GRADIENT + axis,
          () -> gradients(new ReferenceCase(section, json), axis));
    }
  }

  private void add(String name, JsonObject json, String field, Executable check) {
    tests.add(
        Golden.has(json, field)
            ? DynamicTest.dynamicTest(name, check)
            : Golden.missing(name + " (" + field + ")"));
  }

  private static void logits(ReferenceCase reference) {
    double[] expected = Golden.doubles(Golden.field(reference.json, "logits"));
    QueryBatch batch = reference.batch(elbo(reference, CONTINUOUS), reference.times());
    try (NDManager manager = NDManager.newBaseManager();
        Network network = reference.network(manager, Precision.FLOAT32);
        Parameters parameters = reference.parameters(manager, network)) {
      long positions = (long) batch.batchSize() * batch.length();
      NDArray rows = manager.create(LongStream.range(0, positions).toArray());
      Condition condition = new Condition(reference.times(), reference.labels());
      NDArray logits = network.denoiser(parameters).logits(zt(manager, batch), condition, rows);
      float[] ours = logits.toFloatArray();
      assertThat(ours).hasSameSizeAs(expected);
      for (int i = 0; i < ours.length; i++) {
        assertThat((double) ours[i]).as("logit " + i).isCloseTo(expected[i], within(LOGITS));
      }
    }
  }

  private static void reconstruction(ReferenceCase reference) {
    double expected = Golden.field(reference.json, "recon_loss_nats").getAsDouble();
    assertThat(elbo(reference, CONTINUOUS).terms(0).reconstruction() * reference.length())
        .isCloseTo(expected, within(LOSSES * expected));
  }

  private static void loss(ReferenceCase reference, String axisName) {
    double[] expected = Golden.doubles(Golden.field(reference.json, LOSS + axisName));
    Md4Objective elbo = elbo(reference, axis(axisName));
    QueryBatch batch = reference.batch(elbo, reference.times());
    try (NDManager manager = NDManager.newBaseManager();
        Network network = reference.network(manager, Precision.FLOAT32);
        Parameters parameters = reference.parameters(manager, network)) {
      double[] ours =
          batch.values(batch.losses(manager, network.denoiser(parameters), elbo.rowLoss()));
      for (int b = 0; b < expected.length; b++) {
        assertThat(ours[b]).isCloseTo(expected[b], within(LOSSES * expected[b]));
      }
    }
  }

  private static void gradients(ReferenceCase reference, String axisName) {
    JsonObject expected = Golden.object(reference.json, GRADIENT + axisName);
    Map<String, Double> ours = gradientNorms(reference, axis(axisName));
    assertThat(ours.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
    for (String path : expected.keySet()) {
      double norm = expected.get(path).getAsDouble();
      assertThat(ours.get(path)).as(path).isCloseTo(norm, within(GRADIENTS * norm));
    }
  }

  /**
   * Norms of the gradient of the mean over examples, in nats, for each of the reference's leaves.
   */
  private static Map<String, Double> gradientNorms(ReferenceCase reference, TimeAxis axis) {
    Md4Objective elbo = elbo(reference, axis);
    QueryBatch batch = reference.batch(elbo, reference.times());
    try (NDManager manager = NDManager.newBaseManager();
        Network network = reference.network(manager, Precision.FLOAT32);
        Parameters parameters = reference.parameters(manager, network);
        TrainableNetwork trainable = network.trainable(manager, parameters, Training.TORCHSCRIPT);
        TrainingPass pass = trainable.forward(manager, input(batch), NONE)) {
      float[] weights = batch.rowWeights(batch.batchSize());
      elbo.rowLoss().weightedSum(manager, pass.logits(), batch.asked(), weights).close();
      pass.backward();
      List<float[]> gradients = Training.values(trainable.gradients());
      double natsPerBit = Math.log(2) * batch.length();
      List<String> names = reference.reference.names();
      Map<String, Double> norms = new TreeMap<>();
      reference
          .reference
          .leaves()
          .forEach(
              (path, leaf) -> {
                float[] gradient = gradients.get(names.indexOf(leaf.parameter()));
                norms.put(path, natsPerBit * reference.reference.norm(leaf, gradient));
              });
      return norms;
    }
  }

  private static NetworkInput input(QueryBatch batch) {
    return new NetworkInput(batch.zt(), batch.condition(), batch.rows());
  }

  private static TimeAxis axis(String name) {
    return name.equals("cont")
        ? new TimeAxis.Continuous()
        : new TimeAxis.Discrete(Integer.parseInt(name.substring(1)));
  }

  private static Md4Objective elbo(ReferenceCase reference, TimeAxis axis) {
    return new Md4Objective(reference.space, LINEAR, axis);
  }

  private static NDArray zt(NDManager manager, QueryBatch batch) {
    long[] flat = Arrays.stream(batch.zt()).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return manager.create(flat, new Shape(batch.batchSize(), batch.length()));
  }
}
