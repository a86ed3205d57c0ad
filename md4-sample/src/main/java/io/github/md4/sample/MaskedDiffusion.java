// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.service.OverloadedException;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceCounts;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A trained model, ready to generate, infill and score, for one thread or for a service.
 *
 * <p>Safe for use by several threads. Requests that run at once share the calls of the network: one
 * call serves all of one length, whatever their methods, steps, seeds, templates and labels, and
 * each sample is the one drawn alone (bit for bit on a CPU). {@link ServiceLimits} bounds them.
 * After closing every method throws an {@link IllegalStateException}. docs/service.md has programs.
 *
 * <p>A thread that waits for a request and is interrupted cancels it, and throws a {@link
 * java.util.concurrent.CancellationException} with its flag set.
 */
public interface MaskedDiffusion extends AutoCloseable {

  /**
   * Returns the model that a network, a schedule and a vocabulary make, on DJL's default device.
   * Its sequences have the length that is asked for.
   *
   * @param denoiser the network: from partly masked tokens int64 [B, N], times and asked rows to
   *     logits float32 [R, V]; not closed with this object, and called by one thread of its own
   * @param schedule where each token has a power, one for each of the tokenizer's
   * @param tokenizer the tokenizer whose V tokens the network predicts
   * @return the model, closed by the caller
   * @throws NullPointerException if one is null
   * @throws IllegalArgumentException if the schedule has another number of powers than the
   *     tokenizer has tokens
   */
  static MaskedDiffusion of(Denoiser denoiser, Schedule schedule, Tokenizer tokenizer) {
    return of(denoiser, schedule, tokenizer, ModelContent.ANY_LENGTH);
  }

  /**
   * As {@link #of(Denoiser, Schedule, Tokenizer)}, of sequences of one length.
   *
   * @param denoiser the network; not closed with this object
   * @param schedule the schedule, shared or with a power for each token
   * @param tokenizer the tokenizer whose V tokens the network predicts
   * @param length N, at least 1; templates may be shorter
   * @return the model, closed by the caller
   * @throws IllegalArgumentException if {@code length} is below 1 or the powers are not V
   */
  static MaskedDiffusion of(Denoiser denoiser, Schedule schedule, Tokenizer tokenizer, int length) {
    return of(denoiser, schedule, tokenizer, length, ServiceLimits.defaults());
  }

  /**
   * As {@link #of(Denoiser, Schedule, Tokenizer, int)}, with other limits.
   *
   * @param denoiser the network; not closed with this object
   * @param schedule the schedule, shared or with a power for each token
   * @param tokenizer the tokenizer whose V tokens the network predicts
   * @param length N, the number of tokens of a sequence, at least 1
   * @param limits bounds on requests, calls and memory
   * @return the model, closed by the caller
   * @throws IllegalArgumentException if {@code length} is below 1 or the powers are not V
   */
  static MaskedDiffusion of(
      Denoiser denoiser, Schedule schedule, Tokenizer tokenizer, int length, ServiceLimits limits) {
    return LoadedDiffusion.of(denoiser, schedule, tokenizer, length, limits);
  }

  /**
   * As {@link #load(Path, LoadingOptions)}, with the defaults.
   *
   * @param folder the folder of a model, a checkpoint or a run
   * @return the model, closed by the caller
   * @throws io.github.md4.core.InvalidDataException if the folder holds no model, or a damaged one
   * @throws IOException if a file cannot be read
   */
  static MaskedDiffusion load(Path folder) throws IOException {
    return load(folder, LoadingOptions.defaults());
  }

  /**
   * {@return a model from its folder, from a checkpoint, or from the folder of a run: its finished
   * model, else its last checkpoint; closed by the caller}
   *
   * @param path the folder of a model, a checkpoint or a run
   * @param loading raw or averaged weights, the element type of products, and the device
   * @throws io.github.md4.core.InvalidDataException if the folder is no model's, is damaged or
   *     lacks those weights
   * @throws IOException if a file cannot be read
   */
  static MaskedDiffusion load(Path path, LoadingOptions loading) throws IOException {
    return load(path, loading, ServiceLimits.defaults());
  }

  /**
   * As {@link #load(Path, LoadingOptions)}, with other limits.
   *
   * @param path the folder of a model, a checkpoint or a run
   * @param loading raw or averaged weights, the element type of products, and the device
   * @param limits bounds on requests, calls and memory
   * @return the model, closed by the caller
   * @throws io.github.md4.core.InvalidDataException if the folder holds no model, or a damaged one,
   *     or lacks those weights
   * @throws IOException if a file cannot be read
   */
  static MaskedDiffusion load(Path path, LoadingOptions loading, ServiceLimits limits)
      throws IOException {
    return LoadedDiffusion.load(path, loading, limits);
  }

  /**
   * Loads the model of the artifact {@code md4-sample} with the classifier {@code tiny}: 12 words
   * of the quickstart's source, by a network of 57 thousand parameters. It is there to try the
   * library without a training.
   *
   * @return the model, closed by the caller
   * @throws IllegalStateException if the artifact is not on the class path
   * @throws IOException if the model cannot be unpacked into the folder for temporary files
   */
  static MaskedDiffusion tiny() throws IOException {
    return TinyModel.load(MaskedDiffusion.class.getClassLoader());
  }

  /**
   * {@return what its folder says of the model: config, tokenizer and origin}
   *
   * @throws IllegalStateException if it is of no folder
   */
  SavedModel.Description description();

  /** {@return its masking schedule, shared by all tokens or with a power for each} */
  Schedule schedule();

  /** {@return the way in which its sequences come about} */
  Generation generation();

  /** {@return its vocabulary} */
  Tokenizer tokenizer();

  /** {@return the type of the network's residual stream; float32 where there is no choice of it} */
  Precision residual();

  /**
   * {@return the text of tokens}
   *
   * @param tokens ids [N] in [0, V]; V is the mask
   */
  default String text(int[] tokens) {
    return tokenizer().decode(tokens);
  }

  /**
   * {@return as many samples as the options say, of the model's length, from masks only, in the
   * order of their indices from 0}
   *
   * @param options the method, the law of tokens, the seed and the batch size
   */
  default List<Sample> generate(SamplingOptions options) {
    return generate(options.samples(), options);
  }

  /**
   * {@return {@code count} samples of the model's length, from masks only, in the order of their
   * indices from 0}
   *
   * @param count the number of sequences, at least 1
   * @param options the method, the law of tokens, the seed and the batch size
   * @throws IllegalStateException if the model was made without a length
   */
  default List<Sample> generate(int count, SamplingOptions options) {
    return generate(masked(count), options, SamplingListener.none());
  }

  /**
   * {@return {@code count} sequences of masks only, of the model's length, with the indices from 0
   * on}
   *
   * @param count the number of sequences, at least 1
   * @throws IllegalArgumentException if it is below 1
   * @throws IllegalStateException if the model was made without a length
   */
  List<InitialSequence> masked(int count);

  /**
   * {@return {@code count} sequences of masks only, with the indices from 0 on}
   *
   * @param count the number of sequences, at least 1
   * @param length N, the number of tokens of each, in [1, 2^20]
   * @throws IllegalArgumentException if a number is out of its range
   */
  default List<InitialSequence> masked(int count, int length) {
    return masked(0, count, length);
  }

  /**
   * As {@link #masked(int, int)}, with the indices from {@code first} on.
   *
   * @param first the index of the first, at least 0; that of the last is below 2^32
   * @param count the number of sequences, at least 1
   * @param length N, the number of tokens of a sequence, in [1, 2^20]
   * @return the sequences of masks
   * @throws IllegalArgumentException if a number is out of its range
   */
  default List<InitialSequence> masked(long first, int count, int length) {
    return InitialSequence.masked(
        new TokenSpace(tokenizer().vocabularySize()), length, first, count);
  }

  /**
   * {@return a sample of each sequence, in their order; they may have several lengths}
   *
   * @param sequences the beginnings of the samples, at least one
   * @param options the method, the law of tokens, the seed and the batch size
   * @param listener a listener to the calls, on this thread, each before the next; they are counted
   *     anew for each length, those of the first length first
   * @throws IllegalArgumentException if a sequence is empty or longer than the model's, has a token
   *     outside [0, V], or the method does not suit the model
   */
  default List<Sample> generate(
      List<InitialSequence> sequences, SamplingOptions options, SamplingListener listener) {
    return generate(sequences, options, 1, listener);
  }

  /**
   * As {@link #generate(List, SamplingOptions, SamplingListener)}, of sequences with classes.
   *
   * @param sequences the beginnings of the samples, at least one
   * @param options the method, the law of tokens, the seed and the batch size
   * @param guidance the scale of classifier-free guidance, {@link GuidedDenoiser}; 1 is the network
   *     itself
   * @param listener told of the calls, on this thread
   * @return the samples, in the order of the sequences
   * @throws IllegalArgumentException if {@code guidance} is not 1 and the model was not trained
   *     without classes too; also as without guidance
   */
  List<Sample> generate(
      List<InitialSequence> sequences,
      SamplingOptions options,
      double guidance,
      SamplingListener listener);

  /**
   * Asks for a sample of each sequence, and does not wait for them.
   *
   * @param sequences the beginnings of the samples, at least one
   * @param options the method, the law of tokens, the seed and the batch size
   * @param limits the deadline of the request, and its share of the calls
   * @return the samples to come
   * @throws IllegalArgumentException if a sequence is empty or longer than the model's, has a token
   *     outside [0, V], or the method does not suit the model
   * @throws OverloadedException if as many requests run and wait as the limits allow
   */
  PendingSamples submit(
      List<InitialSequence> sequences, SamplingOptions options, RequestLimits limits);

  /**
   * Asks for as many samples as the options say, of the model's length, from masks only.
   *
   * @param options the method, the law of tokens, the seed and the batch size
   * @return the samples to come
   * @throws OverloadedException if as many requests run and wait as the limits allow
   * @throws IllegalStateException if the model was made without a length
   */
  default PendingSamples submit(SamplingOptions options) {
    return submit(masked(options.samples()), options, RequestLimits.none());
  }

  /**
   * {@return the template with its holes filled; see {@link Template}}
   *
   * @param template a text with {@code [MASK]}, {@code [MASK*n]} or {@code [MASK*]} where tokens
   *     are to be filled
   * @param options the method, the law of tokens and the seed
   * @throws IllegalArgumentException if the text is no template for this model, or has no hole
   */
  default Sample infill(String template, SamplingOptions options) {
    InitialSequence start = template(template, 0);
    Template.requireHole(start.zt(), tokenizer().vocabularySize());
    return generate(List.of(start), options, SamplingListener.none()).get(0);
  }

  /**
   * {@return the sequence that a template describes}
   *
   * @param text a text with {@code [MASK]}, {@code [MASK*n]} or {@code [MASK*]} where tokens are to
   *     be filled
   * @param index the number that chooses its noise, in [0, 2^32)
   * @throws IllegalArgumentException if the text is no template for this model
   */
  InitialSequence template(String text, long index);

  /**
   * Returns sequences masked in part, as of the time that the method's own grid has at {@link
   * SamplingOptions#from} (spec, Section 4.7). {@link #generate(List, SamplingOptions,
   * SamplingListener)} with the same options samples them from there.
   *
   * @param x clean tokens, one array a sequence; their positions in the list become their indices;
   *     [N] in [0, V)
   * @param options the method, the seed, and the share of the way
   * @return the sequences, [N] in [0, V]
   */
  List<InitialSequence> maskedInPart(List<int[]> x, SamplingOptions options);

  /**
   * {@return the network's distribution at every position of a sequence that is masked as of a time
   * (spec, Section 4.9)}
   *
   * @param x clean tokens [N], with their index and class
   * @param t the time, in [0, 1]: each token is masked with probability 1 - alpha(t)
   * @param seed any number; which tokens are masked follows from it
   * @throws IllegalArgumentException if {@code t} is not in [0, 1], or a token not in the
   *     vocabulary
   */
  TokenDistribution distribution(InitialSequence x, double t, long seed);

  /**
   * Estimates the bound on a sequence's negative log-likelihood (spec, Section 2.2), with the
   * standard error of the noise of times and masks.
   *
   * @param x clean tokens, [N], at most as many as the model was trained with
   * @param options the seed of times and masks, and the number of groups of masks
   * @return the bound, in nats and in bits per token, with the standard error
   * @throws IllegalArgumentException if there are none, too many, or one not in the vocabulary
   */
  LikelihoodEstimate score(int[] x, ScoringOptions options);

  /**
   * As {@link #score(int[], ScoringOptions)}, of a text, with the seed 0 and eight groups.
   *
   * @param text a text of the tokenizer's symbols, from 1 to N tokens
   * @return the bound, in nats and in bits per token, with the standard error
   * @throws IllegalArgumentException if it has no tokens, too many, or an unknown character
   */
  default LikelihoodEstimate score(String text) {
    return score(tokenizer().encode(text), ScoringOptions.defaults().seed(0));
  }

  /**
   * Asks for the score of a text, and does not wait for it.
   *
   * @param text a text of the tokenizer's symbols, from 1 to N tokens
   * @param options the seed of times and masks, and the number of groups of masks
   * @param limits the deadline of the request, and its share of the calls
   * @return the score to come
   * @throws IllegalArgumentException if it has no tokens, too many, or an unknown character
   * @throws OverloadedException if as many requests run and wait as the limits allow
   */
  default Pending<LikelihoodEstimate> submitScore(
      String text, ScoringOptions options, RequestLimits limits) {
    return submitScore(tokenizer().encode(text), options, limits);
  }

  /**
   * As {@link #submitScore(String, ScoringOptions, RequestLimits)}, of tokens.
   *
   * @param x clean tokens, [N], at most as many as the model was trained with
   * @param options the seed of times and masks, and the number of groups of masks
   * @param limits the deadline of the request, and its share of the calls
   * @return the score to come
   * @throws IllegalArgumentException if there are none, too many, or one not in the vocabulary
   * @throws OverloadedException if as many requests run and wait as the limits allow
   */
  Pending<LikelihoodEstimate> submitScore(int[] x, ScoringOptions options, RequestLimits limits);

  /** {@return what runs and waits now, and what was called so far} */
  ServiceCounts counts();

  /** As {@link #closeWithin(Duration)}, with the grace of its {@link ServiceLimits}. */
  @Override
  void close();

  /**
   * Refuses new requests, lets those that run and wait end within a time, ends what is left before
   * its next call of the network, and frees the memory. It waits for that. On a thread that a
   * listener or a subscriber of a request was called on, that request ends with an {@link
   * IllegalStateException} and this does not wait: the last request frees the memory. Nor does it
   * wait where only requests are left whose listeners have not returned for a second, as they may
   * wait for this thread: they run to their end.
   *
   * @param grace the time that requests have to end, at least 0; zero ends them within one call
   */
  void closeWithin(Duration grace);
}
