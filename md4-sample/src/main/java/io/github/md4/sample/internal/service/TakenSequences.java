// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.internal.call.CallPart;
import io.github.md4.sample.internal.call.DrawnPart;
import io.github.md4.sample.trajectory.Draws;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The sequences that a call takes, of several requests. */
final class TakenSequences {
  private final UnaryOperator<RuntimeException> told;
  private final Map<CallPart.Drawing, List<SamplingJob.Drawn>> drawn = new LinkedHashMap<>();
  private final Map<ScoreJob, List<ScoreJob.Scored>> scored = new LinkedHashMap<>();
  private final Map<NetworkJob, Integer> counts = new LinkedHashMap<>();
  private final Map<NetworkJob, Integer> positions = new LinkedHashMap<>();
  private int size;
  private int allPositions;
  private int rows;

  /**
   * @param told what a request is told of a failure
   */
  TakenSequences(UnaryOperator<RuntimeException> told) {
    this.told = told;
  }

  void add(NetworkJob.Wanting wanting) {
    int length = wanting.sequence().shown().length;
    counts.merge(wanting.job(), 1, Integer::sum);
    positions.merge(wanting.job(), length, Integer::sum);
    size++;
    allPositions += length;
    rows += wanting.sequence().query().positions().length;
    wanting.join(this);
  }

  void draw(SamplingJob.Drawn sequence) {
    drawn.computeIfAbsent(sequence.job().drawing(), unused -> new ArrayList<>()).add(sequence);
  }

  void score(ScoreJob.Scored sequence) {
    scored.computeIfAbsent(sequence.job(), unused -> new ArrayList<>()).add(sequence);
  }

  /** Returns the number of sequences. */
  int size() {
    return size;
  }

  /** Returns the number of positions of all sequences. */
  int positions() {
    return allPositions;
  }

  /** Returns the number of a request's sequences. */
  int countOf(NetworkJob job) {
    return counts.getOrDefault(job, 0);
  }

  /** Returns the number of positions of a request's sequences. */
  int positionsOf(NetworkJob job) {
    return positions.getOrDefault(job, 0);
  }

  /** Returns the number of positions that are asked. */
  int rows() {
    return rows;
  }

  /** Returns the number of sequences of each request. */
  Map<NetworkJob, Integer> counts() {
    return counts;
  }

  List<CallPart> parts() {
    List<CallPart> parts = new ArrayList<>();
    drawn.forEach((way, sequences) -> parts.add(part(way, sequences)));
    scored.forEach((job, sequences) -> parts.add(new ScoredPart(job, sequences, told)));
    return parts;
  }

  private CallPart part(CallPart.Drawing way, List<SamplingJob.Drawn> of) {
    return new DrawnPart(
        way,
        of.stream().map(SamplingJob.Drawn::sequence).toList(),
        draws -> advance(of, draws),
        failure -> of.forEach(each -> end(each.job(), failure)));
  }

  private void advance(List<SamplingJob.Drawn> of, Draws draws) {
    int first = 0;
    for (SamplingJob.Drawn each : of) {
      int own = each.sequence().query().positions().length;
      if (!each.job().isEnded()) {
        advance(each, draws.from(first));
      }
      first += own;
    }
  }

  private void advance(SamplingJob.Drawn each, Draws draws) {
    try {
      each.job().advance(each.sequence(), draws);
    } catch (RuntimeException e) {
      end(each.job(), e);
    }
  }

  /** Tells a request of a failure. */
  void end(NetworkJob job, RuntimeException failure) {
    job.end(told.apply(failure));
  }
}
