// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.kernel.Activation;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.kernel.Precision;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.Transformer;
import io.github.md4.core.network.TransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class AncestralSamplerTest {
  private static final int LENGTH = 13;
  private static final int TOKENS = 7;
  private static final long SEED = 83;

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** What the network was asked. */
  private record Question(double t, int examples, List<Long> rows, long[] zt) {}

  /** Writes down what it is asked. */
  private record RecordingDenoiser(Denoiser answering, List<Question> questions)
      implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      List<Long> asked = new ArrayList<>();
      for (long row : rows.toLongArray()) {
        asked.add(row);
      }
      int examples = (int) zt.getShape().get(0);
      questions.add(new Question(condition.times()[0], examples, asked, zt.toLongArray()));
      return answering.logits(zt, condition, rows);
    }
  }

  private final List<Question> questions = new ArrayList<>();
  private final Denoiser recording = new RecordingDenoiser(new ContextDenoiser(TOKENS), questions);

  /** Many more steps than positions, so that many steps reveal nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"cosine", "uniform"})
  void calls_areTheStepsThatRevealAnything(String grid) {
    SamplingSteps steps = new SamplingSteps(SamplingGrid.parse(grid), 101);
    List<int[]> progress = new ArrayList<>();
    List<int[]> samples =
        sampler(recording, steps)
            .sample(
                new SampleRequest(5, LENGTH, SEED, 2, 0),
                (done, planned) -> progress.add(new int[] {done, planned}));
    List<Double> expected = new ArrayList<>();
    for (int[] batch : new int[][] {{0, 1}, {2, 3}, {4}}) {
      Set<Integer> busy = new TreeSet<>();
      for (int index : batch) {
        busy.addAll(revealSteps(steps, index));
      }
      busy.forEach(step -> expected.add(steps.time(step)));
    }
    assertThat(samples).hasSize(5);
    assertThat(questions).extracting(Question::t).isEqualTo(expected);
    assertThat(expected).hasSizeLessThan(3 * 2 * LENGTH + 1);
    assertThat(progress).hasSameSizeAs(expected);
    for (int i = 0; i < progress.size(); i++) {
      assertThat(progress.get(i)).containsExactly(i + 1, expected.size());
    }
  }

  /** The steps that reveal each position of a sample, found position by position. */
  private static List<Integer> revealSteps(SamplingSteps steps, int index) {
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    List<Integer> revealSteps = new ArrayList<>();
    for (int n = 0; n < LENGTH; n++) {
      int step = 0;
      while (step < steps.steps()
          && new Noise(SEED).uniform(Purpose.SAMPLE, step, index, n)
              >= schedule.unmaskProbability(steps.time(step + 1), steps.time(step))) {
        step++;
      }
      revealSteps.add(step);
    }
    return revealSteps;
  }

  @Test
  void rows_areMaskedAndOfEveryExampleThatTakesPart() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 31);
    assertThat(sampler(recording, steps).sample(new SampleRequest(3, LENGTH, SEED, 3, 0)))
        .hasSize(3);
    int asked = 0;
    for (Question question : questions) {
      Set<Long> examples = new TreeSet<>();
      for (long row : question.rows) {
        assertThat(question.zt[(int) row]).isEqualTo(TOKENS);
        examples.add(row / LENGTH);
      }
      assertThat(examples).hasSize(question.examples);
      assertThat(question.rows).doesNotHaveDuplicates();
      asked += question.rows.size();
    }
    assertThat(asked).isEqualTo(3 * LENGTH);
    assertThat(questions).anyMatch(question -> question.examples < 3);
  }

  @Test
  void sample_ofOneStepAsksOnce() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1);
    List<int[]> samples =
        sampler(recording, steps).sample(new SampleRequest(3, LENGTH, SEED, 3, 0));
    assertThat(questions).extracting(Question::t).containsExactly(1.0);
    assertThat(samples).allSatisfy(AncestralSamplerTest::assertTokens);
  }

  /** An epsilon of 0.45 leaves almost half of all positions to the end. */
  @Test
  void leftovers_areFilledWithTheMostLikelyAtTimeZero() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Uniform(), 2);
    ReverseProcess process =
        new ReverseProcess(
            new TokenSpace(TOKENS), new MaskingSchedule(new Curve.Linear(), 0.45), kernels);
    int[] sample =
        new AncestralSampler(manager, recording, process, steps)
            .sample(new SampleRequest(1, LENGTH, SEED, 3, 5))
            .get(0);
    Question last = questions.get(questions.size() - 1);
    assertThat(last.t).isZero();
    int[] zt = new int[LENGTH];
    for (int n = 0; n < LENGTH; n++) {
      zt[n] = (int) last.zt[n];
    }
    assertThat(last.rows).hasSizeGreaterThan(2);
    for (long n : last.rows) {
      assertThat(sample[(int) n]).isEqualTo(new ContextDenoiser(TOKENS).mostLikely(zt, (int) n, 0));
    }
    assertTokens(sample);
  }

  @Test
  void samples_ofATransformerDoNotDependOnTheBatch() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 17);
    try (Network network = network();
        Parameters parameters = Parameters.of(manager, network.specs(), this::values)) {
      AncestralSampler sampler = sampler(network.denoiser(parameters), steps);
      List<int[]> all = sampler.sample(new SampleRequest(11, LENGTH, SEED, 11, 0));
      for (int batchSize : new int[] {1, 2, 3, 5, 100}) {
        assertThat(sampler.sample(new SampleRequest(11, LENGTH, SEED, batchSize, 0)))
            .containsExactlyElementsOf(all);
      }
      assertThat(sampler.sample(new SampleRequest(4, LENGTH, SEED, 3, 7)))
          .containsExactlyElementsOf(all.subList(7, 11));
      assertThat(all.get(0)).isNotEqualTo(all.get(1));
      assertThat(sampler.sample(new SampleRequest(11, LENGTH, SEED + 1, 11, 0)).get(0))
          .isNotEqualTo(all.get(0));
      assertThat(all).allSatisfy(AncestralSamplerTest::assertTokens);
    }
  }

  private Network network() {
    TransformerConfig config =
        new TransformerConfig(
            6,
            3,
            3,
            2,
            TransformerConfig.Embedding.OUTSIDE,
            TransformerConfig.TimeFeatures.T,
            0,
            Activation.GLU,
            TransformerConfig.Conditioning.ADALN_ZERO,
            true,
            0,
            0,
            false);
    return new Transformer(manager, config, TOKENS, Precision.FLOAT32);
  }

  /** So large that contexts and times matter. */
  private float[] values(ParameterSpec spec, int index) {
    double[] u = new Noise(89).uniforms(Purpose.SOURCE, 0, index, (int) spec.shape().size());
    float[] values = new float[u.length];
    for (int i = 0; i < u.length; i++) {
      values[i] = (float) (1.2 * u[i] - 0.6);
    }
    return values;
  }

  @Test
  void sample_leavesNothingBehind() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 17);
    try (NDManager own = manager.newSubManager()) {
      ReverseProcess process = process();
      AncestralSampler sampler =
          new AncestralSampler(own, new ContextDenoiser(TOKENS), process, steps);
      int before = manager.getManagedArrays().size();
      own.cap();
      assertThat(sampler.sample(new SampleRequest(3, LENGTH, SEED, 2, 0))).hasSize(3);
      assertThat(own.getManagedArrays()).isEmpty();
      assertThat(manager.getManagedArrays().size()).isEqualTo(before);
    }
  }

  @Test
  void steps_mustBeAtLeastOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SamplingSteps(new SamplingGrid.Cosine(), 0))
        .withMessage("steps must be at least 1: 0");
  }

  @Test
  void request_isChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SampleRequest(0, 1, 0, 1, 0))
        .withMessage("count must be at least 1: 0");
    assertThatIllegalArgumentException().isThrownBy(() -> new SampleRequest(1, 0, 0, 1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new SampleRequest(1, 1, 0, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new SampleRequest(1, 1, 0, 1, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SampleRequest(2, 1, 0, 1, 0xFFFFFFFFL));
  }

  private AncestralSampler sampler(Denoiser denoiser, SamplingSteps steps) {
    return new AncestralSampler(manager, denoiser, process(), steps);
  }

  private ReverseProcess process() {
    return new ReverseProcess(
        new TokenSpace(TOKENS), new MaskingSchedule(new Curve.Linear()), kernels);
  }

  private static void assertTokens(int[] sample) {
    assertThat(sample).hasSize(LENGTH);
    for (int token : sample) {
      assertThat(token).isBetween(0, TOKENS - 1);
    }
  }
}
