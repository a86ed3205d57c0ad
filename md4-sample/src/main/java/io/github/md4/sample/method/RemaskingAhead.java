// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.method.RemaskingWalk.Decision;
import io.github.md4.sample.method.RemaskingWalk.Rule;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.Again;
import io.github.md4.sample.trajectory.QueryAhead.MaskingAgain;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The queries of a trajectory that masks its least sure tokens again, before their draws. Which
 * positions a step reveals follows from the noise, where it is known that they are masked. What is
 * masked again depends on the draws, but it is little: a token's part of sigma is at most e over
 * the number of tokens, so that few uniforms are low enough. Positions of which both is possible
 * are asked for, too.
 */
final class RemaskingAhead implements Iterator<QueryAhead> {
  /** More than what rounding adds to a token's part. */
  private static final double ROUNDING = 1 + 1e-9;

  private final PartialSequence sequence;
  private final Rule rule;
  private final Remasking.Confidence remasking;
  private final Supplier<Decision> now;
  private final Function<Decision, TrajectoryQuery> queries;
  private final boolean[] mayBeMasked; // before the next step, [N]
  private final boolean[] mayBeToken;
  private final Deque<Step> passed = new ArrayDeque<>(); // from the trajectory's on
  private double[] weights; // before the first step; none behind it
  private int[] rows; // that the next step may reveal
  private int next;
  private int ofStep = -1; // of which u are the uniforms
  private double[] u;

  /** A step of the grid: its uniforms, and up to what uniforms tokens may be masked again. */
  private record Step(int number, double[] u, double plain, double share, double most) {
    boolean reveals(int position) {
      return u[position] < plain;
    }

    boolean mayMask(int position) {
      return u[position] < most;
    }
  }

  /**
   * @param now what happens at the trajectory's next step
   * @param queries the query of a step that reveals something
   * @param confidences those of the trajectory, [N]
   */
  RemaskingAhead(
      PartialSequence sequence,
      Rule rule,
      Remasking.Confidence remasking,
      Supplier<Decision> now,
      Function<Decision, TrajectoryQuery> queries,
      double[] confidences) {
    this.sequence = sequence;
    this.rule = rule;
    this.remasking = remasking;
    this.now = now;
    this.queries = queries;
    this.mayBeMasked = new boolean[sequence.length()];
    this.mayBeToken = new boolean[sequence.length()];
    this.weights = Remasking.Confidence.weights(confidences);
    this.rows = now.get().revealed();
    this.next = now.get().step();
    for (int n = 0; n < mayBeMasked.length; n++) {
      mayBeMasked[n] = sequence.isMasked(n);
      mayBeToken[n] = !sequence.isMasked(n) && !sequence.isFrozen(n);
    }
  }

  @Override
  public boolean hasNext() {
    if (isLast()) {
      learn();
      rows = left();
    }
    return rows.length > 0;
  }

  /** Returns whether the next step is the one behind the grid, which reveals what is left. */
  private boolean isLast() {
    return next == rule.times().steps();
  }

  private int[] left() {
    return sequence.positions(n -> mayBeMasked[n]);
  }

  @Override
  public QueryAhead next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    learn();
    TrajectoryQuery query = queries.apply(new Decision(next, rows, new int[0]));
    Entries entries = new Entries();
    do {
      goOn(entries);
    } while (rows.length == 0 && next <= rule.times().steps());
    QueryAhead made = new MaskingAgain(query, entries.made(weights));
    weights = new double[0];
    return made;
  }

  /** Passes a step, and finds what the one behind it may reveal. */
  private void goOn(Entries entries) {
    if (isLast()) {
      rows = new int[0];
      next++;
      return;
    }
    Step step = step();
    entries.add(step);
    for (int n = 0; n < mayBeMasked.length; n++) {
      pass(step, n);
    }
    passed.add(step);
    next++;
    rows = isLast() ? left() : revealed(step());
  }

  private int[] revealed(Step step) {
    return sequence.positions(n -> mayBeMasked[n] && step.reveals(n));
  }

  /** Returns the next step, which is one of the grid. */
  private Step step() {
    RemaskingWalk.Chances chances = rule.chances(next);
    int tokens = 0;
    for (int n = 0; n < mayBeMasked.length; n++) {
      tokens += mayBeToken[n] && !mayBeMasked[n] ? 1 : 0;
    }
    double share = remasking.share(chances.largest());
    // Weights are in [1 / e, 1].
    double part = tokens == 0 ? 1 : Math.min(1, Math.E / tokens);
    return new Step(next, uniforms(), chances.plain(), share, share * part * ROUNDING);
  }

  private double[] uniforms() {
    if (ofStep != next) {
      ofStep = next;
      u = sequence.uniforms(Purpose.REMASK, next);
    }
    return u;
  }

  /** Finds what a position may be behind a step. */
  private void pass(Step step, int position) {
    boolean masked = mayBeMasked[position];
    boolean token = mayBeToken[position];
    mayBeMasked[position] =
        (masked && !step.reveals(position)) || (token && step.mayMask(position));
    mayBeToken[position] = token || (masked && step.reveals(position));
  }

  /** Learns from the trajectory what became of positions of which both was possible. */
  private void learn() {
    int known = now.get().step();
    if (known > next) {
      return; // than which nothing newer is asked for
    }
    passed.removeIf(step -> step.number < known);
    for (int n = 0; n < mayBeMasked.length; n++) {
      if (mayBeMasked[n] && mayBeToken[n]) {
        mayBeMasked[n] = sequence.isMasked(n);
        mayBeToken[n] = !mayBeMasked[n];
        for (Step step : passed) {
          pass(step, n);
        }
      }
    }
  }

  /** The entries of what may be masked again. */
  private final class Entries {
    private int round = -1;
    private int[] positions = {};
    private int[] rounds = {};
    private double[] limits = {};
    private double[] shares = {};

    void add(Step step) {
      int[] own = sequence.positions(n -> mayBeToken[n] && step.mayMask(n));
      round += round < 0 || own.length > 0 ? 1 : 0;
      int before = positions.length;
      int all = before + own.length;
      positions = Arrays.copyOf(positions, all);
      rounds = Arrays.copyOf(rounds, all);
      limits = Arrays.copyOf(limits, all);
      shares = Arrays.copyOf(shares, all);
      for (int i = 0; i < own.length; i++) {
        positions[before + i] = own[i];
        rounds[before + i] = round;
        limits[before + i] = step.u[own[i]];
        shares[before + i] = step.share;
      }
    }

    Again made(double[] weights) {
      return new Again(weights, positions, rounds, limits, shares);
    }
  }
}
