// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.diffusion.GenMd4Reverse;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The queries of a trajectory with a power for each token, against loops over all positions. */
@Tag("naive")
final class GenMd4TrajectoryTest {
  private static final int TOKENS = 7;
  private static final TokenSpace SPACE = new TokenSpace(TOKENS);
  private static final Noise NOISE = new Noise(61);
  private static final long INDEX = 2;
  private static final GenMd4Schedule POWERS =
      new GenMd4Schedule(new double[] {0.4, 2.5, 1.1, 0.7, 3, 1, 0.2}, 1e-4);

  private static double u(Purpose purpose, int step, int position) {
    return NOISE.uniform(purpose, step, INDEX, position);
  }

  /** Returns a token that is as good as drawn. */
  private static int token(int position, int call) {
    return Math.floorMod(position * 31 + call * 17, TOKENS);
  }

  private static Draws draws(int[] positions, int call) {
    double[] drawn = new double[3 * positions.length];
    Arrays.setAll(drawn, i -> i < positions.length ? token(positions[i], call) : 0.5);
    return new Draws(drawn, positions.length, 0);
  }

  private static void assertQueries(SamplingMethod method, GenMd4Reverse reverse, int[] zt) {
    Trajectory trajectory =
        method
            .under(POWERS)
            .trajectories(new SamplingContext(SPACE, NOISE, 1))
            .of(new InitialSequence(zt, INDEX));
    double[] due = new double[zt.length];
    int[] drawCounts = new int[zt.length];
    for (int n = 0; n < due.length; n++) {
      due[n] = SPACE.isMask(zt[n]) ? reverse.next(1, u(Purpose.REVEAL, 0, n)) : 0;
    }
    int[] z = zt.clone();
    int calls = 0;
    for (double most = max(due); most > 0; most = max(due)) {
      double time = most;
      int[] drawing = IntStream.range(0, due.length).filter(n -> due[n] == time).toArray();
      TrajectoryQuery query = trajectory.query();
      assertThat(query.point()).isEqualTo(new GridPoint(reverse.step(time, calls), time));
      assertThat(query.positions()).isEqualTo(drawing);
      for (int r = 0; r < drawing.length; r++) {
        int n = drawing[r];
        assertThat(query.noise()[0][r]).isEqualTo(u(Purpose.SAMPLE, drawCounts[n], n));
        if (reverse.isKept(token(n, calls), time, u(Purpose.KEEP, drawCounts[n], n))) {
          z[n] = token(n, calls);
          due[n] = 0;
        } else {
          drawCounts[n]++;
          due[n] = reverse.next(reverse.after(time), u(Purpose.REVEAL, drawCounts[n], n));
        }
      }
      trajectory.advance(draws(drawing, calls), (point, position, token, probability) -> {});
      assertThat(trajectory.z()).isEqualTo(z);
      calls++;
    }
    assertThat(trajectory.isDone()).isTrue();
    assertThat(calls).isPositive();
    assertThat(Arrays.stream(drawCounts).max().orElseThrow()).isPositive(); // some drew again
  }

  private static double max(double[] due) {
    return Arrays.stream(due).max().orElseThrow();
  }

  private static int[] partlyMasked(int length) {
    int[] zt = new int[length];
    Arrays.setAll(zt, n -> n % 5 == 3 ? 1 : TOKENS);
    return zt;
  }

  @Test
  void queriesOnAGrid_areThoseOfLoopsOverAllPositions() {
    for (int count : new int[] {2, 3, 40, 1000}) {
      SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), count);
      assertQueries(
          new ExactMethod.Ancestral(steps),
          new GenMd4Reverse.OnGrid(POWERS, steps.from(1)),
          partlyMasked(211));
    }
  }

  @Test
  void queriesInContinuousTime_areThoseOfLoopsOverAllPositions() {
    assertQueries(
        new ExactMethod.FirstHitting(Leftovers.ARGMAX),
        new GenMd4Reverse.Continuous(POWERS),
        partlyMasked(211));
  }
}
