// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.Trajectory;

/**
 * A way of drawing sequences: the order in which positions are revealed, and the draw of their
 * tokens. The samples of an {@link ExactMethod} follow the model's reverse process, those of an
 * {@link ApproximateMethod} another law.
 *
 * <p>A user's own method makes {@link Trajectory trajectories} of its own; so that options can be
 * written and read, it has a {@link SamplingMethodKind}. Methods are immutable. docs/sampling.md
 * describes each.
 */
public interface SamplingMethod {

  /**
   * Returns the method of a text: one of
   *
   * <pre>{@code
   * ancestral(STEPS, GRID, LEFTOVERS)             mean(STEPS, GRID, LEFTOVERS)
   * first-hitting(LEFTOVERS)
   * reference-ancestral(STEPS, GRID, LEFTOVERS)   reference-mean(STEPS, GRID, LEFTOVERS)
   * confidence(TOKENS, TEMPERATURE)               margin(...), entropy(...)
   * remask-cap(STEPS, GRID, LEFTOVERS, ETA)       remask-rescale(...), remask-confidence(...)
   * random-order(TOKENS)                          autoregressive
   * euler(STEPS, GRID, LEFTOVERS)                 analytic(STEPS, GRID, LEFTOVERS)
   * tau-leaping(STEPS, GRID, LEFTOVERS, CORRECTORS)
   * llada(STEPS, BLOCK, REMASKING, GUIDANCE)      dllm(...)
   * dream-origin(STEPS, TEMPERATURE)              dream-maskgit-plus(...), dream-topk-margin(...),
   *                                               dream-entropy(...), radd(...)
   * mdlm(STEPS)                                   sedd-euler(...), sedd-analytic(...)
   * bd3lm(BLOCK, STEPS)
   * }</pre>
   *
   * or of a {@link SamplingMethodKind} on the class path. The last four lines, the methods of
   * published models, may be names alone: {@code llada(128, 32, low-confidence, 0)}, {@code
   * dream-origin(128, 0)}, {@code mdlm(128)}, {@code bd3lm(4, 0)}, and the others like them.
   *
   * @param text the text, as the command line and JSON hold it
   * @return the method
   * @throws IllegalArgumentException if the text is none of these
   */
  static SamplingMethod parse(String text) {
    return MethodText.parse(text);
  }

  /**
   * Returns the method of a model for which none is chosen: {@link ExactMethod.LeftToRight} for an
   * autoregressive one, {@link ExactMethod.Ancestral} for all others.
   *
   * @param generation how the model's sequences come about
   * @param steps the grid of a method that has one
   * @return the method, which every model of this generation can be sampled by
   */
  static SamplingMethod standard(Generation generation, SamplingSteps steps) {
    SamplingMethod ancestral = new ExactMethod.Ancestral(steps);
    return generation.match(
        form -> ancestral, ExactMethod.LeftToRight::new, () -> ancestral, width -> ancestral);
  }

  /** {@return the text from which {@link #parse} makes this method} */
  String text();

  /**
   * {@return the same method with another number of steps}
   *
   * @param steps the number of steps, at least 1
   * @throws IllegalArgumentException if it has no steps, or cannot have so many
   */
  default SamplingMethod withSteps(int steps) {
    throw new IllegalArgumentException("sampler %s has no steps: %d".formatted(name(), steps));
  }

  /** {@return the name that options and reports have for it} */
  String name();

  /**
   * {@return whether its samples follow the model's reverse process, at the {@link TokenLaw} that
   * is asked for}
   */
  boolean isExact();

  /**
   * {@return the name of the draw: {@code exact}, float64 by inversion, or {@code reference},
   * float32 Gumbel noise}
   */
  default String draw() {
    return "exact";
  }

  /**
   * {@return whether the method reads the logit of the mask, where the network has one: its
   * probability then counts, and it can be drawn}
   */
  default boolean readsMask() {
    return false;
  }

  /**
   * {@return the scale of guidance away from the sequence without its given tokens, at least 0; 0
   * is none}
   */
  default double promptGuidance() {
    return 0;
  }

  /**
   * Returns the time of sequences that have the share {@code from} of the way before them. With a
   * grid it is a time of the grid, so that sequences masked at it can be sampled from it.
   *
   * @param from the share of the way, in (0, 1]
   * @return a time t in [0, 1]
   */
  double timeAt(double from);

  /**
   * {@return the procedure for a model whose tokens share a schedule}
   *
   * @param schedule the schedule that all tokens share
   */
  SamplingProcedure md4(MaskingSchedule schedule);

  /**
   * Returns the procedure for a model in which each token has its own power (spec, Section 3.5). A
   * method without one keeps this implementation.
   *
   * @param schedule the schedule with a power for each token
   * @return the procedure
   * @throws IllegalArgumentException if the method has no such procedure
   */
  default SamplingProcedure genMd4(GenMd4Schedule schedule) {
    throw new IllegalArgumentException(
        "where the schedule is learned, sampler must be ancestral, mean or first-hitting, with the"
            + " exact draw: %s, %s".formatted(name(), draw()));
  }

  /**
   * Returns the procedure for a masked diffusion model whose network gives scores in some form. A
   * method that needs only the guess of the clean token keeps this implementation.
   *
   * @param schedule the schedule that all tokens share
   * @param form the form of the network's scores
   * @return the procedure
   */
  default SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
    return md4(schedule);
  }

  /**
   * {@return the procedure for a network that guesses each token from those before it}
   *
   * @throws IllegalArgumentException if the method has no such procedure
   */
  default SamplingProcedure leftToRight() {
    throw new IllegalArgumentException(
        "where the model is autoregressive, sampler must be autoregressive: " + name());
  }

  /**
   * {@return the procedure for a model of uniform noise}
   *
   * @param schedule the schedule that all tokens share
   * @throws IllegalArgumentException if the method has no such procedure
   */
  default SamplingProcedure uniformNoise(MaskingSchedule schedule) {
    throw new IllegalArgumentException(
        "where the noise is uniform, sampler must be ancestral or tau-leaping, with the exact draw:"
            + " %s, %s".formatted(name(), draw()));
  }

  /**
   * {@return the procedure for a model of Gaussian noise}
   *
   * @param schedule the schedule, whose alpha is the share of the signal
   * @param width D, the number of coordinates of its vectors, at least 1
   * @throws IllegalArgumentException if the method has no such procedure
   */
  default SamplingProcedure gaussianNoise(MaskingSchedule schedule, int width) {
    throw new IllegalArgumentException(
        "where the noise is Gaussian, sampler must be ancestral, with the exact draw: %s, %s"
            .formatted(name(), draw()));
  }

  /**
   * {@return the procedure for a masked diffusion model with a schedule of either kind}
   *
   * @param schedule the schedule, shared or with a power for each token
   * @throws IllegalArgumentException if the method has none for this kind of schedule
   */
  default SamplingProcedure under(Schedule schedule) {
    return under(schedule, new Generation.Unmasking());
  }

  /**
   * {@return the procedure for a model with a schedule of either kind, by the way in which its
   * sequences come about}
   *
   * @param schedule the schedule, shared or with a power for each token
   * @param generation how sequences come about: by unmasking, from left to right, by uniform noise
   * @throws IllegalArgumentException if the method has none for such a model
   */
  default SamplingProcedure under(Schedule schedule, Generation generation) {
    return generation.match(
        form -> schedule.match(shared -> scored(shared, form), this::genMd4),
        this::leftToRight,
        () -> schedule.match(this::uniformNoise, this::genMd4),
        width -> schedule.match(shared -> gaussianNoise(shared, width), this::genMd4));
  }
}
