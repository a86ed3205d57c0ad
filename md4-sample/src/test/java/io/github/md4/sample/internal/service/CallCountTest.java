// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.internal.call.ActiveSequence;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.own.OwnMethod;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingContext;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls that are counted, held against those of a whole run whose draws are given. */
@Tag("exact")
final class CallCountTest {
  private static final int TOKENS = 5;
  private static final TokenSpace SPACE = new TokenSpace(TOKENS);
  private static final int WIDTH = 3;
  private static final int REQUESTS = 40;
  private static final int[] ROW_LIMITS = {1, 3, 7, 20, 1_000_000};
  private static final double[] SHARES_OF_MASKS = {0, 0.2, 0.7, 1};

  private static final List<String> PUBLISHED =
      List.of(
          "llada(9, 4, low-confidence, 0)",
          "llada(5, 3, random, 0)",
          "dllm(7, 4, low-confidence, 0)",
          "dream-origin(6, 0)",
          "dream-maskgit-plus(19, 0)",
          "dream-topk-margin(4, 0.2)",
          "dream-entropy(9, 0)",
          "radd(5, 0)",
          "mdlm(11)",
          "sedd-euler(6)",
          "sedd-analytic(7)",
          "bd3lm(4, 0)",
          "bd3lm(3, 5)");

  /** A call without a network: tokens, then probabilities, confidences and guesses. */
  private record Drawing(DoubleSupplier tokens, DoubleSupplier others) implements BatchedQuery {

    static Drawing constant(int token) {
      return new Drawing(() -> token, () -> 0);
    }

    static Drawing random(Random random) {
      return new Drawing(() -> random.nextInt(TOKENS), random::nextDouble);
    }

    @Override
    public double[] draw(List<ActiveSequence> group) {
      int rows = BatchedQuery.rows(group);
      double[] drawn = new double[(3 + WIDTH) * rows];
      Arrays.setAll(drawn, i -> i < rows ? tokens.getAsDouble() : others.getAsDouble());
      return drawn;
    }
  }

  /** A request whose calls are counted. */
  private record Counted(SamplingProcedure procedure, SampleRequest request, int rowLimit) {

    SamplingContext context() {
      return new SamplingContext(SPACE, new Noise(request.seed()), request.from());
    }

    int count() {
      return CallCount.of(request, procedure.rows(context()), rowLimit);
    }

    /** Carries the request out. */
    int calls(BatchedQuery query) {
      int[] calls = {0};
      List<Sample> samples =
          new SampleRun(request, procedure.trajectories(context()), rowLimit)
              .run(query, (done, planned) -> calls[0] = done, 0);
      assertThat(samples).hasSameSizeAs(request.sequences());
      return calls[0];
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void count_isThatOfTheRun(String name) {
    SamplingProcedure procedure = procedures().get(name);
    Random random = new Random(name.hashCode());
    for (int i = 0; i < REQUESTS; i++) {
      Counted counted = counted(procedure, random);
      int count = counted.count();
      assertThat(count)
          .as("%s", counted)
          .isEqualTo(counted.calls(Drawing.constant(procedure.isPlanned() ? 0 : TOKENS)));
      if (procedure.isPlanned()) {
        assertThat(counted.calls(Drawing.random(random))).as("%s", counted).isEqualTo(count);
      }
    }
  }

  /** The requests of the test above differ in all that it is about. */
  @Test
  void requests_areOfAllKinds() {
    SamplingProcedure procedure = procedures().values().iterator().next();
    Random random = new Random(3);
    List<Counted> all = Stream.generate(() -> counted(procedure, random)).limit(REQUESTS).toList();
    assertThat(all).anyMatch(each -> each.count() == 0);
    assertThat(all)
        .anyMatch(each -> each.request.batchSize() < each.request.sequences().size())
        .anyMatch(each -> each.count() != new Counted(procedure, each.request, 1_000_000).count())
        .anyMatch(each -> each.request.from() < 1);
  }

  private static Counted counted(SamplingProcedure procedure, Random random) {
    int length = 1 + random.nextInt(17);
    int first = random.nextInt(1000);
    List<InitialSequence> sequences =
        IntStream.rangeClosed(first, first + random.nextInt(9))
            .mapToObj(index -> new InitialSequence(tokens(length, random), index))
            .toList();
    double from = random.nextBoolean() ? 1 : 1 - random.nextDouble();
    SampleRequest request =
        new SampleRequest(sequences, random.nextLong(), 1 + random.nextInt(10), from);
    return new Counted(procedure, request, ROW_LIMITS[random.nextInt(ROW_LIMITS.length)]);
  }

  private static int[] tokens(int length, Random random) {
    double masked = SHARES_OF_MASKS[random.nextInt(SHARES_OF_MASKS.length)];
    return IntStream.range(0, length)
        .map(n -> random.nextDouble() < masked ? TOKENS : random.nextInt(TOKENS))
        .toArray();
  }

  static Stream<String> names() {
    return procedures().keySet().stream();
  }

  private static Map<String, SamplingProcedure> procedures() {
    Map<String, SamplingProcedure> all = new LinkedHashMap<>();
    List<MaskingSchedule> schedules =
        List.of(
            new MaskingSchedule(new Curve.Linear()),
            new MaskingSchedule(new Curve.Cosine()),
            new MaskingSchedule(new Curve.Polynomial(2.5)));
    for (MaskingSchedule schedule : schedules) {
      for (SamplingMethod method : methods()) {
        all.put(method.text() + ", " + schedule, method.under(schedule));
      }
    }
    MaskingSchedule linear = schedules.get(0);
    all.put("autoregressive", new ExactMethod.LeftToRight().leftToRight());
    for (SamplingSteps steps : grids()) {
      SamplingMethod ancestral = new ExactMethod.Ancestral(steps, Leftovers.DRAWN);
      SamplingMethod leaping = new ApproximateMethod.TauLeaping(steps, 2, Leftovers.ARGMAX);
      all.put("uniform, " + ancestral.text(), ancestral.uniformNoise(linear));
      all.put("uniform, " + leaping.text(), leaping.uniformNoise(linear));
      all.put("Gaussian, " + ancestral.text(), ancestral.gaussianNoise(linear, WIDTH));
      all.put("GenMD4, " + ancestral.text(), ancestral.genMd4(powers()));
    }
    all.put(
        "GenMD4, first hitting", new ExactMethod.FirstHitting(Leftovers.ARGMAX).genMd4(powers()));
    all.put("own", new OwnMethod(2).md4(linear));
    return all;
  }

  private static List<SamplingMethod> methods() {
    Stream<SamplingMethod> published = PUBLISHED.stream().map(SamplingMethod::parse);
    Stream<SamplingMethod> onGrids =
        grids().stream().flatMap(steps -> Methods.all(steps.steps()).stream());
    Stream<SamplingMethod> onUniformGrids =
        Stream.of(2, 40)
            .map(steps -> new SamplingSteps(new SamplingGrid.Uniform(), steps))
            .flatMap(
                steps ->
                    Stream.of(
                        new ExactMethod.Ancestral(steps, Leftovers.DRAWN),
                        new ApproximateMethod.ReferenceMean(steps, Leftovers.DRAWN),
                        new ApproximateMethod.Remasked(
                            steps, new Remasking.Rescale(0.7), Leftovers.ARGMAX),
                        new ApproximateMethod.TauLeaping(steps, 2, Leftovers.DRAWN)));
    return Stream.of(published, onGrids, onUniformGrids).flatMap(each -> each).distinct().toList();
  }

  private static List<SamplingSteps> grids() {
    return List.of(
        new SamplingSteps(new SamplingGrid.Cosine(), 1),
        new SamplingSteps(new SamplingGrid.Uniform(), 12),
        new SamplingSteps(new SamplingGrid.Cosine(), 37));
  }

  private static GenMd4Schedule powers() {
    return new GenMd4Schedule(new double[] {0.3, 1, 2.5, 4, 1.5}, 1e-4);
  }
}
