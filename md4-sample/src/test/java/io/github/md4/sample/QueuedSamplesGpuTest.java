// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.transformer.Transformer;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.Iterator;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Samples whose steps are queued on a GPU against those of one step after another. */
@Tag("gpu")
final class QueuedSamplesGpuTest {
  private static final TokenSpace SPACE = new TokenSpace(27);
  private static final int LENGTH = 150;
  private static final SamplingSteps STEPS = new SamplingSteps(new SamplingGrid.Uniform(), 40);

  /** A method and the schedule that it runs under. */
  private record Run(SamplingMethod method, Schedule schedule) {}

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: queued steps are not tested");
  }

  private static List<Run> runs() {
    Schedule linear = new MaskingSchedule(new Curve.Linear());
    double[] powers = DoubleStream.iterate(0.3, w -> w * 1.1).limit(27).toArray();
    Schedule ofTokens = new GenMd4Schedule(powers, 1e-4);
    Remasking surest = new Remasking.Confidence(1);
    return List.of(
        new Run(new ExactMethod.Ancestral(STEPS), ofTokens),
        new Run(new ExactMethod.FirstHitting(Leftovers.DRAWN), ofTokens),
        new Run(new ApproximateMethod.Remasked(STEPS, surest, Leftovers.DRAWN), linear),
        new Run(new PublishedMethod.Dream(PublishedMethod.Algorithm.ORIGIN, 40, 0), linear));
  }

  /** Passes on the first of several steps alone, or all. */
  private static final class Steps implements Denoiser, StepDraws {
    private final Denoiser network;
    private final boolean areQueued;
    private int goes;

    Steps(Denoiser network, boolean areQueued) {
      this.network = network;
      this.areQueued = areQueued;
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return network.logits(zt, condition, rows);
    }

    @Override
    public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
      goes++;
      Iterator<Step> some = areQueued ? steps : List.of(steps.next()).iterator();
      return StepDraws.of(network).orElseThrow().drawAhead(zt, some, inversion);
    }
  }

  @Test
  void tokens_areThoseOfStepsOneByOne() {
    TransformerConfig config = TransformerConfig.defaults().withHeads(2, 64).withLayers(2);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        DrawKernels kernels = new DrawKernels(manager);
        Network network =
            new Transformer(manager, config, SPACE.vocabularySize(), Precision.BFLOAT16);
        Parameters parameters = Parameters.of(manager, network.specs(), TinyTransformer::values);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      assumeTrue(StepDraws.of(frozen).isPresent(), "no Hopper GPU: queued steps are not tested");
      for (Run run : runs()) {
        for (int batch : new int[] {1, 5}) {
          Steps queued = new Steps(frozen, true);
          Steps oneByOne = new Steps(frozen, false);
          List<int[]> expected = samples(manager, kernels, oneByOne, run, batch);
          assertThat(samples(manager, kernels, queued, run, batch))
              .as("%s, %d", run, batch)
              .containsExactlyElementsOf(expected);
          assertThat(2 * queued.goes).as("goes of %s", run).isLessThan(oneByOne.goes);
        }
      }
    }
  }

  private static List<int[]> samples(
      NDManager manager, DrawKernels kernels, Denoiser network, Run run, int batch) {
    GenerativeModel model = new GenerativeModel(network, SPACE, run.schedule());
    SampleRequest request =
        TinySampling.ofMasks(SPACE, 2 * batch, LENGTH).withSeed(7).withBatchSize(batch);
    return tokens(new Sampler(manager, kernels, model, run.method()).sample(request));
  }
}
