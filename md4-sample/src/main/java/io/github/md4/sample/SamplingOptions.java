// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.Generation;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The options of {@link MaskedDiffusion} for sampling. Immutable: each method that takes a value
 * returns other options.
 *
 * <pre>{@code
 * SamplingOptions.defaults().steps(64).topP(0.9).samples(3)
 * }</pre>
 *
 * <p>All components are texts and numbers, so that a JSON library writes and reads the record. One
 * that is null, as in JSON that lacks it, takes its default; {@code sampler} stays null, since its
 * default is the model's.
 *
 * @param sampler the method in the form of {@link SamplingMethod#parse}; null for {@link
 *     SamplingMethod#standard}: {@code ancestral(1000, cosine, argmax)}, or {@code autoregressive}
 *     for an autoregressive model
 * @param temperature the divisor of the logits, at least 0 and finite; the default is 1, and 0
 *     takes the likeliest token
 * @param truncations the cuts of the law in the form of {@link TokenLaw.Truncation#parse}, in
 *     order; none by default
 * @param seed any number, from which all noise follows; a random one of 53 bits by default, which
 *     each {@link io.github.md4.sample.trajectory.Sample} reports
 * @param samples the number of samples of {@link MaskedDiffusion#generate(SamplingOptions)}, at
 *     least 1; 1 by default
 * @param batchSize the most sequences that the network sees at once, at least 1; 64 by default
 * @param from the share of the way that lies before the sequences, in (0, 1], 1 by default: see
 *     {@link MaskedDiffusion#maskedInPart(List, SamplingOptions)}
 * @param stopTokens the tokens in [0, V) that end a sequence, none by default: see {@link
 *     #stoppingAt}
 */
public record SamplingOptions(
    String sampler,
    Double temperature,
    List<String> truncations,
    Long seed,
    Integer samples,
    Integer batchSize,
    Double from,
    List<Integer> stopTokens) {
  /** Seeds that JSON's numbers hold in every language. */
  private static final long RANDOM_SEEDS = 1L << 53;

  /**
   * Replaces null by defaults and checks all values.
   *
   * @param sampler the method in the form of {@link SamplingMethod#parse}; null for {@link
   *     SamplingMethod#standard}
   * @param temperature the divisor of the logits, at least 0 and finite; the default is 1, and 0
   *     takes the likeliest token
   * @param truncations the cuts of the law in the form of {@link TokenLaw.Truncation#parse}, in
   *     order; none by default
   * @param seed any number, from which all noise follows; a random one of 53 bits by default, which
   *     each {@link io.github.md4.sample.trajectory.Sample} reports
   * @param samples the number of samples of {@link MaskedDiffusion#generate(SamplingOptions)}, at
   *     least 1; 1 by default
   * @param batchSize the most sequences that the network sees at once, at least 1; 64 by default
   * @param from the share of the way that lies before the sequences, in (0, 1], 1 by default: see
   *     {@link MaskedDiffusion#maskedInPart(List, SamplingOptions)}
   * @param stopTokens the tokens in [0, V) that end a sequence, none by default: see {@link
   *     #stoppingAt}
   * @throws IllegalArgumentException if a text has no meaning or a number is out of its bounds
   */
  public SamplingOptions {
    temperature = Objects.requireNonNullElse(temperature, 1.0);
    truncations = truncations == null ? List.of() : List.copyOf(truncations);
    seed = seed == null ? Long.valueOf(ThreadLocalRandom.current().nextLong(RANDOM_SEEDS)) : seed;
    samples = Objects.requireNonNullElse(samples, 1);
    batchSize = Objects.requireNonNullElse(batchSize, SampleRequest.DEFAULT_BATCH_SIZE);
    from = Objects.requireNonNullElse(from, 1.0);
    stopTokens = stopTokens == null ? List.of() : List.copyOf(stopTokens);
    SamplingMethod unused = sampler == null ? null : SamplingMethod.parse(sampler);
    TokenLaw unusedLaw = law(temperature, truncations);
    require(samples >= 1, "samples must be at least 1", samples);
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    require(from > 0 && from <= 1, "from must be in (0, 1]", from);
  }

  /**
   * {@return the model's standard sampling, for masked diffusion ancestral in a thousand steps on
   * the cosine grid, with a random seed}
   */
  public static SamplingOptions defaults() {
    return new SamplingOptions(null, null, null, null, null, null, null, null);
  }

  /** {@return the method that {@link #sampler} names, or else that of masked diffusion} */
  public SamplingMethod method() {
    return method(new Generation.Unmasking());
  }

  /**
   * {@return the method that {@link #sampler} names, or else the standard one of a model}
   *
   * @param generation how the model's sequences come about
   */
  public SamplingMethod method(Generation generation) {
    return sampler == null
        ? SamplingMethod.standard(generation, SamplingSteps.STANDARD)
        : SamplingMethod.parse(sampler);
  }

  /** {@return the law of tokens: temperature, then truncations} */
  public TokenLaw law() {
    return law(temperature, truncations);
  }

  private static TokenLaw law(double temperature, List<String> truncations) {
    return new TokenLaw(temperature, truncations.stream().map(TokenLaw.Truncation::parse).toList());
  }

  /**
   * {@return the same options with another method}
   *
   * @param text the method, in the form of {@link SamplingMethod#parse}
   * @throws IllegalArgumentException if the text is no method
   */
  public SamplingOptions sampler(String text) {
    return new SamplingOptions(
        text, temperature, truncations, seed, samples, batchSize, from, stopTokens);
  }

  /**
   * {@return the same options with another method, which has a {@link SamplingMethod#text}}
   *
   * @param other the method, with its own number of steps
   * @throws IllegalArgumentException if its text cannot be read again, as that of a method without
   *     a {@link io.github.md4.sample.method.SamplingMethodKind}
   */
  public SamplingOptions withMethod(SamplingMethod other) {
    return sampler(other.text());
  }

  /**
   * {@return the same options with another number of steps}
   *
   * @param steps the number of steps, at least 1
   * @throws IllegalArgumentException if the method has no steps, or cannot have so many
   */
  public SamplingOptions steps(int steps) {
    return withMethod(method().withSteps(steps));
  }

  /**
   * {@return the same options with another temperature}
   *
   * @param other the divisor of the logits, at least 0 and finite; 0 takes the likeliest token
   * @throws IllegalArgumentException if it is out of this range
   */
  public SamplingOptions temperature(double other) {
    return new SamplingOptions(
        sampler, other, truncations, seed, samples, batchSize, from, stopTokens);
  }

  /**
   * {@return the same options with one more truncation, to the {@code k} likeliest tokens}
   *
   * @param k the number of tokens, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SamplingOptions topK(int k) {
    return truncation(new TokenLaw.TopK(k));
  }

  /**
   * {@return the same options with one more truncation, to the likeliest tokens of the mass {@code
   * p}}
   *
   * @param p the mass, in (0, 1]
   * @throws IllegalArgumentException if it is out of this range
   */
  public SamplingOptions topP(double p) {
    return truncation(new TokenLaw.TopP(p));
  }

  /**
   * {@return the same options with one more truncation, after those that are there}
   *
   * @param more a truncation of the law of a token, after those already set
   */
  public SamplingOptions truncation(TokenLaw.Truncation more) {
    List<TokenLaw.Truncation> all = new ArrayList<>(law().truncations());
    all.add(more);
    return withLaw(new TokenLaw(temperature, all));
  }

  /**
   * {@return the same options with another law of tokens}
   *
   * @param other the temperature, and the truncations in their order
   */
  public SamplingOptions withLaw(TokenLaw other) {
    List<String> texts = other.truncations().stream().map(TokenLaw.Truncation::text).toList();
    return new SamplingOptions(
        sampler, other.temperature(), texts, seed, samples, batchSize, from, stopTokens);
  }

  /**
   * {@return the same options with a seed}
   *
   * @param other any number; the same seed, model and options give the same samples, on a CPU bit
   *     for bit
   */
  public SamplingOptions seed(long other) {
    return new SamplingOptions(
        sampler, temperature, truncations, other, samples, batchSize, from, stopTokens);
  }

  /** {@return the same options with a new random seed of 53 bits} */
  public SamplingOptions randomSeed() {
    return new SamplingOptions(
        sampler, temperature, truncations, null, samples, batchSize, from, stopTokens);
  }

  /**
   * As {@link #seed(long)}.
   *
   * @param other any number; the same seed, model and options give the same samples, on a CPU bit
   *     for bit
   * @return the same options with a seed
   */
  public SamplingOptions withSeed(long other) {
    return seed(other);
  }

  /**
   * {@return the same options with another number of samples}
   *
   * @param other the number of samples, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SamplingOptions samples(int other) {
    return new SamplingOptions(
        sampler, temperature, truncations, seed, other, batchSize, from, stopTokens);
  }

  /**
   * {@return the same options with another batch size}
   *
   * @param other the most sequences in a call, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SamplingOptions batchSize(int other) {
    return new SamplingOptions(
        sampler, temperature, truncations, seed, samples, other, from, stopTokens);
  }

  /**
   * As {@link #batchSize(int)}.
   *
   * @param other the most sequences in a call, at least 1
   * @return the same options with another batch size
   */
  public SamplingOptions withBatchSize(int other) {
    return batchSize(other);
  }

  /**
   * {@return the same options from another share of the way}
   *
   * @param other the share of the way that lies before the sequences, in (0, 1]
   * @throws IllegalArgumentException if it is out of this range
   */
  public SamplingOptions from(double other) {
    return new SamplingOptions(
        sampler, temperature, truncations, seed, samples, batchSize, other, stopTokens);
  }

  /**
   * As {@link #from(double)}.
   *
   * @param other the share of the way that lies before the sequences, in (0, 1]
   * @return the same options from another share of the way
   */
  public SamplingOptions withFrom(double other) {
    return from(other);
  }

  /**
   * Returns the same options with tokens that end a sequence. Once one of them stands among the
   * masks at the end of a sequence, and no mask before it, the network is called no more for that
   * sequence: the rest becomes that token, and the sample's text ends before it.
   *
   * @param tokens the tokens, in [0, V); none lets every sequence be filled to its end
   * @return the options with these tokens in place of those before
   */
  public SamplingOptions stoppingAt(Collection<Integer> tokens) {
    return new SamplingOptions(
        sampler, temperature, truncations, seed, samples, batchSize, from, List.copyOf(tokens));
  }

  /** Returns a request for samples with these options. */
  SampleRequest request(List<InitialSequence> sequences) {
    return new SampleRequest(sequences, seed, batchSize, from);
  }
}
