// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.loss.UniformStepLoss;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * D3PM with uniform noise (Austin et al., 2021), of which multinomial diffusion (Hoogeboom et al.,
 * 2021) is the case without the auxiliary term: the bound of T steps,
 *
 * <pre>{@code
 * T E_t sum_n KL(q(z_s | z_t, x)_n || p(z_s | z_t)_n)   +   reconstruction   +   prior
 * }</pre>
 *
 * <p>in nats, with the divergence of {@link UniformStepLoss}. No position shows a mask, so the
 * network is asked at all of them.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 * @param axis the number of steps, T
 * @param auxiliary lambda, at least 0: what each step counts is its divergence and lambda times the
 *     cross-entropy of the clean tokens
 */
public record UniformD3pmObjective(
    TokenSpace space, MaskingSchedule schedule, TimeAxis.Discrete axis, double auxiliary)
    implements Objective {

  @Override
  public Query query(int[] x, double v, double[] u) {
    double t = axis.snap(v);
    int[] zt = process().draw(x, t, u).zt();
    double s = Math.max(0, t - 1.0 / axis.steps());
    float[][] facts = new float[2][u.length];
    Arrays.fill(facts[0], (float) schedule.alpha(s));
    Arrays.fill(facts[1], (float) schedule.alpha(t));
    int[] all = IntStream.range(0, u.length).toArray();
    return new Query(zt, t, all, axis.steps(), true, facts);
  }

  private UniformProcess process() {
    return new UniformProcess(space, schedule);
  }

  @Override
  public RowLoss rowLoss() {
    return new UniformStepLoss(auxiliary);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, process().reconstruction(), process().prior());
  }

  @Override
  public Objective likelihood() {
    return new UniformD3pmObjective(space, schedule, axis, 0);
  }

  @Override
  public String kind() {
    return auxiliary == 0 ? "upper bound" : "bound with an auxiliary cross-entropy";
  }

  @Override
  public String toString() {
    return "D3PM with uniform noise, " + axis.describe();
  }

  /**
   * The kind {@code d3pm-uniform}, {@code d3pm-uniform(STEPS)} or with lambda too.
   *
   * @param arguments T, the number of steps, and lambda, the weight of the auxiliary cross-entropy
   */
  public record Kind(StepArguments arguments) implements ObjectiveKind {
    private static final String NAME = "d3pm-uniform";

    /** A thousand steps without the auxiliary term. */
    public Kind() {
      this(StepArguments.DEFAULTS);
    }

    @Override
    public String name() {
      return NAME;
    }

    /**
     * Returns the objective of its own steps, or of those of the axis.
     *
     * @param axis the axis of the evaluation; continuous stands for the objective's own steps
     */
    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new UniformD3pmObjective(space, schedule, arguments.axis(axis), arguments.auxiliary());
    }

    @Override
    public Optional<Objective> anyOrder(TokenSpace space, MaskingSchedule schedule) {
      return Optional.empty();
    }

    @Override
    public Generation generation() {
      return new Generation.UniformNoise();
    }

    @Override
    public ObjectiveKind with(List<String> given) {
      return new Kind(StepArguments.parse(NAME, given));
    }

    @Override
    public String toString() {
      return arguments.text(NAME);
    }
  }
}
