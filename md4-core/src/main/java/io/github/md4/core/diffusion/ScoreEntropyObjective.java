// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.loss.ScoreEntropyLoss;
import io.github.md4.core.schedule.BoundaryTerms;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.List;

/**
 * The score entropy of absorbing diffusion (SEDD; Lou et al., 2024; spec, Section 2.7), with its
 * constant, and so a bound. With {@code beta = -alpha' / alpha} and {@code r = alpha / (1 -
 * alpha)},
 *
 * <pre>{@code
 * beta(t) sum_n 1[zt_n = m] (sum_j s_j - r log s_{x_n} + r (log r - 1))
 * }</pre>
 *
 * <p>{@code beta r} is MD4's weight, so the rows' loss is {@link ScoreEntropyLoss}, in units of r;
 * under {@code s = r mu} the whole is MD4's bound. The constant is inside the indicator of the mask
 * (the paper prints it outside). In nats.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 * @param scale the form of the network's output
 */
public record ScoreEntropyObjective(TokenSpace space, MaskingSchedule schedule, Scale scale)
    implements Objective {

  /** The form of the network's output f. */
  public enum Scale implements ScoreForm {
    /** {@code s = exp(f) r / V}: SEDD's scale_by_sigma. */
    BY_SIGMA {
      @Override
      public double shift(TokenSpace space, MaskingSchedule schedule, double t) {
        return -Math.log(space.vocabularySize());
      }
    },
    /** {@code s = exp(f)}. */
    NONE {
      @Override
      public double shift(TokenSpace space, MaskingSchedule schedule, double t) {
        return -schedule.logSnr(t);
      }
    };

    @Override
    public boolean isNormalised() {
      return false;
    }
  }

  @Override
  public Query query(int[] x, double v, double[] u) {
    Query query = new Md4Objective(space, schedule, new TimeAxis.Continuous()).query(x, v, u);
    float[] shifts = new float[query.positions().length];
    Arrays.fill(shifts, (float) scale.shift(space, schedule, query.time()));
    return query.with(new float[][] {shifts});
  }

  @Override
  public RowLoss rowLoss() {
    return new ScoreEntropyLoss();
  }

  @Override
  public BoundTerms terms(double perToken) {
    double reconstruction = BoundaryTerms.reconstruction(schedule, space.vocabularySize());
    return new BoundTerms(perToken, reconstruction, 0);
  }

  @Override
  public String toString() {
    return "score entropy";
  }

  /**
   * The kind {@code score-entropy}, or {@code score-entropy(unscaled)}.
   *
   * @param scale the form of the network's output
   */
  public record Kind(Scale scale) implements ContinuousTimeKind {
    private static final String NAME = "score-entropy";
    private static final String UNSCALED = "unscaled";

    /** The output scaled by sigma, as the published models have it. */
    public Kind() {
      this(Scale.BY_SIGMA);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new ScoreEntropyObjective(space, schedule, scale);
    }

    @Override
    public Generation generation() {
      return new Generation.Unmasking(scale);
    }

    @Override
    public ObjectiveKind with(List<String> arguments) {
      if (!arguments.equals(List.of(UNSCALED))) {
        throw new IllegalArgumentException(
            "objective must be %s or %s(%s): %s"
                .formatted(NAME, NAME, UNSCALED, String.join(", ", arguments)));
      }
      return new Kind(Scale.NONE);
    }

    @Override
    public String toString() {
      return scale == Scale.NONE ? "%s(%s)".formatted(NAME, UNSCALED) : NAME;
    }
  }
}
