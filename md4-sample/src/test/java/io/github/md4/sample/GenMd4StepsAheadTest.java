// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.SPACE;
import static io.github.md4.sample.TinySampling.TOKENS;
import static io.github.md4.sample.TinySampling.masks;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs where each token has its power, and drawn tokens are taken back, whose steps the network
 * makes in goes, against runs of one call after another.
 */
@Tag("exact")
final class GenMd4StepsAheadTest {
  /** Some take back nothing, some nearly everything until the end. */
  static List<GenMd4Schedule> schedules() {
    return List.of(
        GenMd4Schedule.unit(TOKENS, 1e-4),
        new GenMd4Schedule(new double[] {0.4, 2.5, 1.1, 0.7, 3, 1, 0.2}, 1e-4),
        new GenMd4Schedule(new double[] {1, 1, 1, 2, 2, 2, 2}, 0),
        new GenMd4Schedule(new double[] {1e-3, 1e-3, 1e-6, 1, 2e-3, 4, 5e-2}, 1e-4),
        new GenMd4Schedule(new double[] {1000, 900, 1e-6, 1000, 2, 2, 500}, 1e-4));
  }

  private static List<SamplingMethod> methods() {
    return List.of(
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 17)),
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 60)),
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 1)),
        new ExactMethod.FirstHitting(Leftovers.DRAWN));
  }

  private static List<String> run(
      TinySampling tiny,
      Denoiser network,
      GenMd4Schedule schedule,
      SamplingMethod method,
      SampleRequest request) {
    GenerativeModel model = new GenerativeModel(network, SPACE, schedule);
    return Heard.run(new Sampler(tiny.manager, tiny.kernels, model, method), request);
  }

  /**
   * A step at positions of which no sequence asks for any is no call, so that calls of a batch have
   * other sequences than without steps ahead; what each sequence hears is the same.
   */
  @ParameterizedTest
  @MethodSource("schedules")
  void eventsAndSamples_areThoseOfCallsOneByOne(GenMd4Schedule schedule) {
    try (TinySampling tiny = new TinySampling()) {
      for (SamplingMethod method : methods()) {
        for (SampleRequest request : StepsAheadTest.requests()) {
          List<String> expected = run(tiny, new ContextDenoiser(TOKENS), schedule, method, request);
          assertThat(Heard.bySequence(expected).get(1))
              .hasSizeGreaterThan(2); // a token, its sample twice
          for (int longest : new int[] {1, 5, Integer.MAX_VALUE}) {
            QueuedSteps ahead = new QueuedSteps(tiny, longest);
            List<String> heard = run(tiny, ahead, schedule, method, request);
            assertThat(Heard.bySequence(heard)).isEqualTo(Heard.bySequence(expected));
          }
        }
      }
    }
  }

  /** Of one sequence calls are the same, too, and the host waits for none of them. */
  @ParameterizedTest
  @MethodSource("schedules")
  void stepsOfOneSequence_areMadeInOneGo(GenMd4Schedule schedule) {
    try (TinySampling tiny = new TinySampling()) {
      for (SamplingMethod method : methods()) {
        SampleRequest request = masks(1).withBatchSize(1);
        QueuedSteps ahead = new QueuedSteps(tiny, Integer.MAX_VALUE);
        assertThat(run(tiny, ahead, schedule, method, request))
            .isEqualTo(run(tiny, new ContextDenoiser(TOKENS), schedule, method, request));
        assertThat(ahead.goes()).hasSize(1);
      }
    }
  }
}
