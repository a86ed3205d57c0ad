// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.graph.GraphSteps;
import io.github.md4.core.internal.graph.HostStep;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepKernels.GuidedLaw;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The draws of a network whose steps are graphs, with guidance and without; none where it has no
 * such steps.
 *
 * @hidden its types are internal
 */
public final class GraphDraws implements StepDraws, AutoCloseable {
  private final Optional<GraphSteps> steps;
  private final Function<Condition, float[]> features;
  private final Object lock;

  /**
   * @param steps the graphs, if there are any; closed with this
   * @param features of the examples, as the host writes them, [B F]
   * @param lock held while steps are begun
   */
  public GraphDraws(
      Optional<GraphSteps> steps, Function<Condition, float[]> features, Object lock) {
    this.steps = steps;
    this.features = features;
    this.lock = lock;
  }

  /** Launches no further steps, as another call of the network does. */
  public void endGo() {
    steps.ifPresent(GraphSteps::endGo);
  }

  @Override
  public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> ahead, Inversion inversion) {
    return drawAhead(zt, ahead, inversion, StepViews.ONE);
  }

  @Override
  public Optional<StepDraws> with(Guided guided) {
    StepViews views = new StepViews(Optional.of(guided));
    return steps.map(own -> (zt, ahead, inversion) -> drawAhead(zt, ahead, inversion, views));
  }

  private Iterator<double[]> drawAhead(
      int[] zt, Iterator<Step> ahead, Inversion inversion, StepViews views) {
    synchronized (lock) {
      GuidedLaw law = new GuidedLaw(inversion, views.factor());
      return steps
          .map(own -> own.draw(views.tokens(zt), written(ahead, views), law))
          .orElse(Collections.emptyIterator());
    }
  }

  /** Returns steps as the host writes them, each made when it is asked for. */
  private Iterator<HostStep> written(Iterator<Step> steps, StepViews views) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return steps.hasNext();
      }

      @Override
      public HostStep next() {
        Step step = steps.next();
        List<float[]> ofViews = views.conditions(step.condition()).stream().map(features).toList();
        return new HostStep(step.condition().times().length, ofViews, step.rows());
      }
    };
  }

  @Override
  public void close() {
    steps.ifPresent(GraphSteps::close);
  }
}
