// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.own;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingMethodKind;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.List;
import java.util.stream.IntStream;

/** A method of a user's own: positions are revealed from left to right, some at a time. */
public record OwnMethod(int tokensAStep) implements SamplingMethod {
  @Override
  public String name() {
    return "left-to-right";
  }

  @Override
  public String text() {
    return name() + "(" + tokensAStep + ")";
  }

  @Override
  public boolean isExact() {
    return false;
  }

  @Override
  public double timeAt(double from) {
    return from;
  }

  @Override
  public SamplingProcedure md4(MaskingSchedule schedule) {
    return SamplingProcedure.of(context -> initial -> new LeftToRight(context, initial));
  }

  /** Its trajectory. */
  private final class LeftToRight implements Trajectory {
    private final SamplingContext context;
    private final InitialSequence initial;
    private final int[] z;
    private int calls;

    LeftToRight(SamplingContext context, InitialSequence initial) {
      this.context = context;
      this.initial = initial;
      this.z = initial.zt().clone();
    }

    private int[] next() {
      return IntStream.range(0, z.length)
          .filter(n -> context.space().isMask(z[n]))
          .limit(tokensAStep)
          .toArray();
    }

    @Override
    public int[] z() {
      return z;
    }

    @Override
    public boolean isDone() {
      return next().length == 0;
    }

    private GridPoint point() {
      return new GridPoint(calls, (double) (z.length - next()[0]) / z.length);
    }

    @Override
    public TrajectoryQuery query() {
      double[] all = context.noise().uniforms(Purpose.SAMPLE, 0, initial.index(), z.length);
      double[] u = IntStream.of(next()).mapToDouble(n -> all[n]).toArray();
      return new TrajectoryQuery(point(), next(), u);
    }

    @Override
    public void advance(Draws draws, Changes changes) {
      GridPoint point = point();
      int[] positions = next();
      for (int r = 0; r < positions.length; r++) {
        z[positions[r]] = draws.token(r);
        changes.changed(point, positions[r], draws.token(r), draws.probability(r));
      }
      calls++;
    }
  }

  /** Its name. */
  public static final class Kind implements SamplingMethodKind {
    @Override
    public String name() {
      return "left-to-right";
    }

    @Override
    public SamplingMethod of(List<String> arguments) {
      return new OwnMethod(Integer.parseInt(arguments.get(0)));
    }
  }
}
