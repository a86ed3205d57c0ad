// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.TOKENS;
import static io.github.md4.sample.TinySampling.masks;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs that mask the least sure tokens again, whose steps the network makes in goes, against runs
 * of one call after another.
 */
@Tag("exact")
final class RemaskedStepsAheadTest {
  /** With many steps most reveal nothing; with one, nothing is masked again. */
  static List<SamplingMethod> methods() {
    List<SamplingMethod> methods = new ArrayList<>();
    for (double eta : new double[] {0, 0.3, 1}) {
      Remasking remasking = new Remasking.Confidence(eta);
      for (int steps : new int[] {1, 5, 17, 100}) {
        for (SamplingGrid grid : List.of(new SamplingGrid.Cosine(), new SamplingGrid.Uniform())) {
          methods.add(
              new ApproximateMethod.Remasked(
                  new SamplingSteps(grid, steps), remasking, Leftovers.DRAWN));
        }
      }
    }
    return methods;
  }

  /**
   * A step at positions of which no sequence asks for any is no call, so that calls of a batch have
   * other sequences than without steps ahead; what each sequence hears is the same.
   */
  @ParameterizedTest
  @MethodSource("methods")
  void eventsAndSamples_areThoseOfCallsOneByOne(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      for (SampleRequest request : StepsAheadTest.requests()) {
        List<String> expected =
            Heard.run(tiny.sampler(new ContextDenoiser(TOKENS), method), request);
        assertThat(Heard.bySequence(expected).get(1)).hasSizeGreaterThan(2);
        for (int longest : new int[] {1, 5, Integer.MAX_VALUE}) {
          QueuedSteps ahead = new QueuedSteps(tiny, longest);
          List<String> heard = Heard.run(tiny.sampler(ahead, method), request);
          assertThat(Heard.bySequence(heard)).isEqualTo(Heard.bySequence(expected));
        }
      }
    }
  }

  /** Of one sequence calls are the same, too, and the host waits for none of them. */
  @ParameterizedTest
  @MethodSource("methods")
  void stepsOfOneSequence_areMadeInOneGo(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      SampleRequest request = masks(1).withBatchSize(1);
      QueuedSteps ahead = new QueuedSteps(tiny, Integer.MAX_VALUE);
      assertThat(Heard.run(tiny.sampler(ahead, method), request))
          .isEqualTo(Heard.run(tiny.sampler(new ContextDenoiser(TOKENS), method), request));
      assertThat(ahead.goes()).hasSize(1);
    }
  }
}
