// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.schedule.SamplingGrid;
import java.util.List;

/**
 * How {@link MaskedDiffusion} samples.
 *
 * @param from how far from the end sequences are at their start, in (0, 1]: see {@link
 *     MaskedDiffusion#masked(List, SamplingOptions)}
 */
public record SamplingOptions(
    SamplingMethod method, TokenLaw law, long seed, int batchSize, double from) {

  /** Returns ancestral sampling of a thousand steps on the cosine grid, with the seed 0. */
  public static SamplingOptions defaults() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1000);
    return new SamplingOptions(
        new ExactMethod.Ancestral(steps), TokenLaw.MODEL, 0, SampleRequest.DEFAULT_BATCH_SIZE, 1);
  }

  public SamplingOptions withMethod(SamplingMethod other) {
    return new SamplingOptions(other, law, seed, batchSize, from);
  }

  public SamplingOptions withLaw(TokenLaw other) {
    return new SamplingOptions(method, other, seed, batchSize, from);
  }

  public SamplingOptions withSeed(long other) {
    return new SamplingOptions(method, law, other, batchSize, from);
  }

  public SamplingOptions withBatchSize(int other) {
    return new SamplingOptions(method, law, seed, other, from);
  }

  public SamplingOptions withFrom(double other) {
    return new SamplingOptions(method, law, seed, batchSize, other);
  }

  SampleRequest request(List<InitialSequence> starts) {
    return new SampleRequest(starts, seed, batchSize, from);
  }
}
