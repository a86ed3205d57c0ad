// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.noise.Noise;
import io.github.md4.sample.RevealPlan.Place;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Draws sequences from nothing but masks by the reverse process (MD4, Section 4; spec, Section 4).
 *
 * <p>Which positions a step reveals is planned before the network is asked, so it is asked for
 * those positions alone, of those sequences alone that have any, and not at all at a step without.
 * What the last step leaves masked is filled with the most likely token at time 0.
 */
public final class AncestralSampler {
  private final NDManager manager;
  private final Denoiser denoiser;
  private final ReverseProcess process;
  private final SamplingSteps steps;

  /**
   * @param manager the manager, and so the device, of what the denoiser is given; every array is
   *     freed at the end of its step
   */
  public AncestralSampler(
      NDManager manager, Denoiser denoiser, ReverseProcess process, SamplingSteps steps) {
    this.manager = Objects.requireNonNull(manager, "manager");
    this.denoiser = Objects.requireNonNull(denoiser, "denoiser");
    this.process = Objects.requireNonNull(process, "process");
    this.steps = Objects.requireNonNull(steps, "steps");
  }

  /** As {@link #sample(SampleRequest, SamplingListener)}, telling nobody. */
  public List<int[]> sample(SampleRequest request) {
    return sample(request, SamplingListener.none());
  }

  /**
   * Returns the samples in the order of their indices, tokens [N] in [0, V) each. The tokens of one
   * depend on the request's seed and on its index only, as far as the network's rounding does not
   * depend on the batch it is in.
   */
  public List<int[]> sample(SampleRequest request, SamplingListener listener) {
    List<RevealPlan> plans = plans(request);
    int planned = plans.stream().mapToInt(RevealPlan::calls).sum();
    List<int[]> samples = new ArrayList<>();
    int done = 0;
    for (RevealPlan plan : plans) {
      int[][] z = masked(plan.stepOf().length, request.length());
      for (var ofStep : plan.places().entrySet()) {
        advance(z, plan, ofStep.getKey(), ofStep.getValue());
        listener.called(++done, planned);
      }
      samples.addAll(Arrays.asList(z));
    }
    return samples;
  }

  private List<RevealPlan> plans(SampleRequest request) {
    var planner = new RevealPlan.Planner(process, steps, new Noise(request.seed()));
    List<RevealPlan> plans = new ArrayList<>();
    for (int first = 0; first < request.count(); first += request.batchSize()) {
      int batchSize = Math.min(request.batchSize(), request.count() - first);
      plans.add(planner.plan(request.firstIndex() + first, batchSize, request.length()));
    }
    return plans;
  }

  private int[][] masked(int batchSize, int length) {
    int[][] z = new int[batchSize][length];
    for (int[] sequence : z) {
      Arrays.fill(sequence, process.space().maskToken());
    }
    return z;
  }

  /** Writes the tokens of the places that {@code step} reveals. */
  private void advance(int[][] z, RevealPlan plan, int step, List<Place> places) {
    int[] examples = places.stream().mapToInt(Place::example).distinct().toArray();
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = scope.create(rows(examples, places, z[0].length)); // [R]
      Condition condition = Condition.at(steps.time(step), examples.length);
      NDArray logits = denoiser.logits(zt(scope, z, examples), condition, rows); // [R, V]
      int[] tokens = tokens(logits, plan, step, places); // [R]
      for (int r = 0; r < tokens.length; r++) {
        z[places.get(r).example()][places.get(r).position()] = tokens[r];
      }
    }
  }

  private int[] tokens(NDArray logits, RevealPlan plan, int step, List<Place> places) {
    if (step == steps.steps()) {
      return process.fill(logits);
    }
    double[] u = plan.uniforms(step, places);
    return process.reveal(logits, steps.of(process, step), u);
  }

  private static NDArray zt(NDManager scope, int[][] z, int[] examples) {
    long[] flat =
        Arrays.stream(examples).flatMap(b -> Arrays.stream(z[b])).asLongStream().toArray();
    return scope.create(flat, new Shape(examples.length, z[0].length));
  }

  /** Returns flat positions among the sequences that take part; both lists are in their order. */
  private static long[] rows(int[] examples, List<Place> places, int length) {
    long[] rows = new long[places.size()];
    int at = 0;
    for (int r = 0; r < rows.length; r++) {
      while (examples[at] != places.get(r).example()) {
        at++;
      }
      rows[r] = (long) at * length + places.get(r).position();
    }
    return rows;
  }
}
