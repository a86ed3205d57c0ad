// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.schedule.SamplingGrid;
import java.util.List;
import java.util.stream.Stream;

/** Every method of masked diffusion models, once. */
public final class Methods {
  private Methods() {}

  /** Returns every such method, those with a grid on the cosine grid with that many steps. */
  public static List<SamplingMethod> all(int steps) {
    SamplingSteps grid = new SamplingSteps(new SamplingGrid.Cosine(), steps);
    return List.of(
        new ExactMethod.Ancestral(grid),
        new ExactMethod.Mean(grid, Leftovers.DRAWN),
        new ExactMethod.FirstHitting(Leftovers.DRAWN),
        new ApproximateMethod.ReferenceAncestral(grid, Leftovers.ARGMAX),
        new ApproximateMethod.ReferenceMean(grid, Leftovers.DRAWN),
        new ApproximateMethod.Ordered(ApproximateMethod.Order.CONFIDENCE, 2, 0),
        new ApproximateMethod.Ordered(ApproximateMethod.Order.MARGIN, 3, 0.5),
        new ApproximateMethod.Ordered(ApproximateMethod.Order.ENTROPY, 1, 0.1),
        new ApproximateMethod.Remasked(grid, new Remasking.Cap(0.3), Leftovers.ARGMAX),
        new ApproximateMethod.Remasked(grid, new Remasking.Rescale(0.5), Leftovers.DRAWN),
        new ApproximateMethod.Remasked(grid, new Remasking.Confidence(1), Leftovers.ARGMAX),
        new ApproximateMethod.RandomOrder(2),
        new ApproximateMethod.Euler(grid, Leftovers.ARGMAX),
        new ApproximateMethod.Analytic(grid, Leftovers.DRAWN),
        new ApproximateMethod.TauLeaping(grid, 1, Leftovers.ARGMAX));
  }

  /** Returns the final types under a sealed one. */
  public static Stream<Class<?>> variants(Class<?> sealed) {
    return sealed.isSealed()
        ? Stream.of(sealed.getPermittedSubclasses()).flatMap(Methods::variants)
        : Stream.of(sealed);
  }
}
