// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.schedule.SamplingGrid;
import java.util.List;
import java.util.Objects;

/**
 * The options of {@link MaskedDiffusion} for sampling.
 *
 * @param from the share of the way that lies before the sequences, in (0, 1]: see {@link
 *     MaskedDiffusion#masked(List, SamplingOptions)}
 */
public record SamplingOptions(
    SamplingMethod method, TokenLaw law, long seed, int batchSize, double from) {

  /** Checks the numbers. */
  public SamplingOptions {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(law, "law");
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    require(from > 0 && from <= 1, "from must be in (0, 1]", from);
  }

  /** Returns ancestral sampling of a thousand steps on the cosine grid, with the seed 0. */
  public static SamplingOptions defaults() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1000);
    return new SamplingOptions(
        new ExactMethod.Ancestral(steps), TokenLaw.MODEL, 0, SampleRequest.DEFAULT_BATCH_SIZE, 1);
  }

  /** Returns the same options with another method. */
  public SamplingOptions withMethod(SamplingMethod other) {
    return new SamplingOptions(other, law, seed, batchSize, from);
  }

  /** Returns the same options with another law of tokens. */
  public SamplingOptions withLaw(TokenLaw other) {
    return new SamplingOptions(method, other, seed, batchSize, from);
  }

  /** Returns the same options with another seed. */
  public SamplingOptions withSeed(long other) {
    return new SamplingOptions(method, law, other, batchSize, from);
  }

  /** Returns the same options with another batch size. */
  public SamplingOptions withBatchSize(int other) {
    return new SamplingOptions(method, law, seed, other, from);
  }

  /** Returns the same options from another share of the way. */
  public SamplingOptions withFrom(double other) {
    return new SamplingOptions(method, law, seed, batchSize, other);
  }

  /** Returns a request for samples with these options. */
  SampleRequest request(List<InitialSequence> sequences) {
    return new SampleRequest(sequences, seed, batchSize, from);
  }
}
