// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * When each position of a batch of sequences is revealed. The network has no say in it, so all of
 * it is known before the network is asked anything.
 *
 * @param stepOf the step that reveals each position, or the number of steps where none does, [B, N]
 */
record RevealPlan(Noise noise, long firstIndex, int[][] stepOf) {

  /** A position of a sequence of the batch. */
  record Place(int example, int position) {}

  /** What all sequences are planned with. */
  record Planner(ReverseProcess process, SamplingSteps steps, Noise noise) {

    /** Returns the plan of the sequences from {@code firstIndex} on. */
    RevealPlan plan(long firstIndex, int batchSize, int length) {
      int[][] stepOf = new int[batchSize][];
      IntStream.range(0, batchSize)
          .parallel()
          .forEach(example -> stepOf[example] = stepOf(firstIndex + example, length));
      return new RevealPlan(noise, firstIndex, stepOf);
    }

    private int[] stepOf(long index, int length) {
      int[] stepOf = new int[length];
      Arrays.fill(stepOf, steps.steps());
      int masked = length;
      for (int step = 0; step < steps.steps() && masked > 0; step++) {
        masked -= reveal(stepOf, step, noise.uniforms(Purpose.SAMPLE, step, index, length));
      }
      return stepOf;
    }

    /** Returns how many positions this step has revealed. */
    private int reveal(int[] stepOf, int step, double[] u) {
      ReverseProcess.Step taken = steps.of(process, step);
      int revealed = 0;
      for (int n = 0; n < stepOf.length; n++) {
        if (stepOf[n] == steps.steps() && taken.isRevealed(u[n])) {
          stepOf[n] = step;
          revealed++;
        }
      }
      return revealed;
    }
  }

  /** Returns how often the network is asked: at each step at which anything is revealed. */
  int calls() {
    BitSet busy = new BitSet();
    for (int[] ofExample : stepOf) {
      Arrays.stream(ofExample).forEach(busy::set);
    }
    return busy.cardinality();
  }

  /** Returns the places that each busy step reveals, example by example, first step first. */
  SortedMap<Integer, List<Place>> places() {
    SortedMap<Integer, List<Place>> places = new TreeMap<>();
    for (int example = 0; example < stepOf.length; example++) {
      for (int n = 0; n < stepOf[example].length; n++) {
        places
            .computeIfAbsent(stepOf[example][n], step -> new ArrayList<>())
            .add(new Place(example, n));
      }
    }
    return places;
  }

  /** Returns the uniforms that reveal the places. */
  double[] uniforms(int step, List<Place> places) {
    return places.stream()
        .mapToDouble(p -> noise.uniform(Purpose.SAMPLE, step, firstIndex + p.example, p.position))
        .toArray();
  }
}
