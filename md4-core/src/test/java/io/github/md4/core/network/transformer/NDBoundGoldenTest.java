// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.ndarray.NDBound;
import io.github.md4.core.ndarray.NDGenMd4Schedule;
import io.github.md4.core.ndarray.NDMaskingSchedule;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The official losses by the bound over arrays (spec, Section 11). */
@Tag("golden")
final class NDBoundGoldenTest {
  private static final double LOSSES = 1e-5;

  @ParameterizedTest
  @CsvSource({
    "loss_diff_per_example_nats_cont, continuous",
    "loss_diff_per_example_nats_T10, discrete(10)"
  })
  void md4_isTheReference(String field, String axisName) {
    JsonObject section = Golden.section("text");
    JsonObject json = Golden.object(section, "cases", "outside_embed_glu");
    ReferenceCase reference = new ReferenceCase(section, json);
    TimeAxis axis = TimeAxis.parse(axisName);
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    Objective objective = new Md4Objective(reference.space, schedule, axis);
    QueryBatch batch = reference.batch(objective, reference.times());
    NDBound bound = new NDBound.Md4(new NDMaskingSchedule(schedule), axis);
    try (NDManager manager = NDManager.newBaseManager()) {
      check(manager, reference, batch, bound, Golden.doubles(Golden.field(json, field)));
    }
  }

  @ParameterizedTest
  @CsvSource({"loss_diff_1, zt1", "loss_diff_2, zt2"})
  void genMd4_isTheReference(String field, String sample) {
    JsonObject json = Golden.section("genmd4");
    ReferenceCase reference = new ReferenceCase(Golden.section("text"), json);
    float[] raw = Golden.floats(Golden.field(json, "w_raw"));
    double epsilon = Golden.field(json, "eps").getAsDouble();
    GenMd4Schedule schedule = GenMd4Schedule.ofRaw(raw, reference.space.vocabularySize(), epsilon);
    double floor = GenMd4Schedule.TIME_FLOOR;
    double[] v =
        Arrays.stream(Golden.doubles(Golden.field(json, "t_used")))
            .map(t -> (t - floor) / (1 - floor))
            .toArray();
    Objective objective = new GenMd4Objective(schedule, TimeFloor.REFERENCE);
    QueryBatch batch = reference.batch(objective, sample, v);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDBound bound =
          new NDBound.GenMd4(NDGenMd4Schedule.of(schedule, manager), TimeFloor.REFERENCE);
      check(manager, reference, batch, bound, Golden.doubles(Golden.field(json, field)));
    }
  }

  private static void check(
      NDManager manager,
      ReferenceCase reference,
      QueryBatch batch,
      NDBound bound,
      double[] expected) {
    try (Network network = reference.network(manager, Precision.FLOAT32);
        Parameters parameters = reference.parameters(manager, network)) {
      Shape shape = new Shape(batch.batchSize(), batch.length());
      NDArray zt = manager.create(batch.zt()).toType(DataType.INT64, false);
      NDArray x = manager.create(batch.x()).toType(DataType.INT64, false);
      double[] times = IntStream.range(0, batch.batchSize()).mapToDouble(batch::time).toArray();
      NDArray rows = manager.arange(0, (int) shape.size(), 1, DataType.INT64);
      NDArray logits =
          network
              .denoiser(parameters)
              .logits(zt, batch.condition(), rows)
              .reshape(shape.get(0), shape.get(1), reference.space.vocabularySize());
      float[] ours = bound.perExample(logits, x, zt, manager.create(times)).toFloatArray();
      assertThat(ours).hasSameSizeAs(expected);
      for (int b = 0; b < expected.length; b++) {
        assertThat((double) ours[b]).isCloseTo(expected[b], within(LOSSES * expected[b]));
      }
    }
  }
}
