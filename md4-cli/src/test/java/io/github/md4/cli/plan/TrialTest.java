// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.train.config.Batching;
import org.junit.jupiter.api.Test;

final class TrialTest {
  private static final int LENGTH = 1024;

  /** A network of which a step of one example took as long as what it waited for at its start. */
  private static Findings slowStart(double flopsPerToken) {
    return new Findings(
        5,
        1,
        1000,
        flopsPerToken,
        new Findings.Steps(1, 1, 1, 0.3, 0.3),
        new Findings.Samples(0, 0),
        0,
        new Findings.Scored(0, 0, 0),
        new Findings.Peaks(0, 0, 0),
        0);
  }

  private static Batching batching(int batchSize, int microBatch) {
    return new Batching(batchSize, microBatch, 1, new TimeSampling.LowDiscrepancy());
  }

  @Test
  void fitting_onAGpu_isTheWholeBatch() {
    Batching whole = batching(256, 256);
    assertThat(Trial.fitting(Device.gpu(), whole, 3072, slowStart(5.5e7), 6)).isEqualTo(whole);
  }

  @Test
  void fitting_onAGpu_hasWholeMicroBatches() {
    Batching few = Trial.fitting(Device.gpu(), batching(512, 32), LENGTH, slowStart(8.8e8), 6);
    assertThat(few.microBatch()).isEqualTo(32);
    assertThat(few.batchSize()).isEqualTo(32);
  }

  @Test
  void fitting_onACpu_isWhatTheTimeAllows() {
    Batching few = Trial.fitting(Device.cpu(), batching(256, 256), 3072, slowStart(5.5e7), 6);
    assertThat(few.batchSize()).isEqualTo(8); // 3 s of 0.3 s each are 10; 8 divides 256
  }

  /** Each doubling of the steps adds half as much: 8 of 16, then 4, then 2. */
  @Test
  void left_isWhatDoublingsAdd() {
    assertThat(Trial.left(16, 2)).isEqualTo(8);
    assertThat(Trial.left(16, 8)).isEqualTo(8 + 4 + 2);
    assertThat(Trial.left(16, 1)).isZero();
    assertThat(Trial.left(16, 0.5)).as("a run shorter than the trial").isZero();
  }

  /** Ten steps of four examples were tried, those of the second half in half the time. */
  @Test
  void secondsOf_manySteps_areMostlyThoseOfLaterOnes() {
    Findings.Steps steps = new Findings.Steps(4, 4, 10, 0.75, 0.5);
    assertThat(steps.secondsOf(4 * 8)).isEqualTo(8 * 0.75);
    assertThat(steps.secondsOf(4 * 110)).isEqualTo(10 * 0.75 + 100 * 0.5);
    assertThat(steps.secondsOf(8 * 55)).isEqualTo(10 * 0.75 + 100 * 0.5);
  }

  @Test
  void part_ofHalfAGroup_isTheGroup() {
    assertThat(new Trial.Evaluated(32, 1000).part(1000)).isEqualTo(new Trial.Part(32, 64));
  }

  @Test
  void part_ofALargeCall_isTheCall() {
    assertThat(new Trial.Evaluated(256, 1000).part(1000)).isEqualTo(new Trial.Part(256, 256));
  }

  @Test
  void part_ofFewExamples_isAllOfThem() {
    assertThat(new Trial.Evaluated(32, 40).part(1000)).isEqualTo(new Trial.Part(32, 40));
  }

  @Test
  void part_beyondWhatIsAffordable_isWhatIs() {
    assertThat(new Trial.Evaluated(32, 1000).part(40)).isEqualTo(new Trial.Part(32, 32));
    assertThat(new Trial.Evaluated(32, 1000).part(5)).isEqualTo(new Trial.Part(5, 5));
  }

  @Test
  void part_withoutAnEvaluation_isEmpty() {
    assertThat(new Trial.Evaluated(0, 0).part(10).call()).isZero();
  }

  @Test
  void end_ofTheProcessCountsWithItsStart() {
    Findings ended = slowStart(1).ended(0.25);
    assertThat(ended.start()).isEqualTo(5.25);
    assertThat(ended.excess()).isEqualTo(1);
    assertThat(ended.steps()).isEqualTo(slowStart(1).steps());
  }
}
