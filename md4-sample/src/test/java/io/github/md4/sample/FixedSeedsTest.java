// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.TokenEvent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The samples of fixed seeds, compared with a recording of the version before the sampler was last
 * restructured: tokens, calls, and the step, position and token of each event. The recording begins
 * with its recipe.
 */
@Tag("exact")
final class FixedSeedsTest {
  private static final String RECORDED = "fixed-seeds.txt";
  private static final int LENGTH = 13;
  private static final int TOKENS = 7;
  private static final TokenSpace SPACE = new TokenSpace(TOKENS);
  private static final Schedule LINEAR = new MaskingSchedule(new Curve.Linear());

  /** An epsilon that leaves a fifth of all positions to the end. */
  private static final Schedule WIDE = new MaskingSchedule(new Curve.Cosine(), 0.2);

  private static final Schedule POWERS =
      new GenMd4Schedule(new double[] {0.4, 2.5, 1.1, 0.7, 3, 1, 0.2}, 1e-4);
  private static final TokenLaw CUT =
      new TokenLaw(0.8, List.of(new TokenLaw.TopK(5), new TokenLaw.TopP(0.7)));

  private final NDManager manager = NDManager.newBaseManager(Device.cpu());
  private final DrawKernels kernels = new DrawKernels(manager);
  private final List<String> lines = new ArrayList<>();

  @TempDir private Path folder;

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  @Test
  void samples_areThoseRecorded() throws IOException {
    try (TinyTransformer network = new TinyTransformer(manager, TOKENS, 0)) {
      draw("plain", new ContextDenoiser(TOKENS));
      draw("transformer", network.denoiser());
    }
    drawFromModel();
    String target = System.getProperty("md4.record.seeds");
    if (target != null) {
      Files.write(Path.of(target), lines);
    }
    assertThat(lines).containsExactlyElementsOf(recorded());
  }

  private static List<String> recorded() throws IOException {
    try (InputStream in = FixedSeedsTest.class.getResourceAsStream(RECORDED)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .collect(Collectors.toList());
    }
  }

  private void draw(String network, Denoiser denoiser) {
    methods()
        .forEach(
            (name, method) -> {
              draw(network + " linear " + name, denoiser, LINEAR, method, TokenLaw.MODEL);
              draw(network + " wide cut " + name, denoiser, WIDE, method, CUT);
            });
    perToken()
        .forEach(
            (name, method) -> {
              draw(network + " genmd4 " + name, denoiser, POWERS, method, TokenLaw.MODEL);
              draw(network + " genmd4 cut " + name, denoiser, POWERS, method, CUT);
            });
  }

  private static Map<String, SamplingMethod> methods() {
    SamplingSteps cosine = new SamplingSteps(new SamplingGrid.Cosine(), 17);
    SamplingSteps uniform = new SamplingSteps(new SamplingGrid.Uniform(), 11);
    Map<String, SamplingMethod> methods = new LinkedHashMap<>();
    methods.put("ancestral", new ExactMethod.Ancestral(cosine));
    methods.put("ancestral-drawn", new ExactMethod.Ancestral(uniform, Leftovers.DRAWN));
    methods.put("mean", new ExactMethod.Mean(uniform, Leftovers.ARGMAX));
    methods.put("first-hitting", new ExactMethod.FirstHitting(Leftovers.DRAWN));
    methods.put(
        "reference-ancestral", new ApproximateMethod.ReferenceAncestral(cosine, Leftovers.ARGMAX));
    methods.put("reference-mean", new ApproximateMethod.ReferenceMean(uniform, Leftovers.DRAWN));
    for (ApproximateMethod.Order order : ApproximateMethod.Order.values()) {
      methods.put(order.toString(), new ApproximateMethod.Ordered(order, 2, 0));
      methods.put(order + "-drawn", new ApproximateMethod.Ordered(order, 1, 0.3));
    }
    for (Remasking remasking :
        List.of(new Remasking.Cap(0.2), new Remasking.Rescale(0.5), new Remasking.Confidence(1))) {
      methods.put(
          remasking.name(), new ApproximateMethod.Remasked(uniform, remasking, Leftovers.ARGMAX));
    }
    return methods;
  }

  /** The methods that draw where each token has its own power. */
  private static Map<String, SamplingMethod> perToken() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 17);
    Map<String, SamplingMethod> methods = new LinkedHashMap<>();
    methods.put("ancestral", new ExactMethod.Ancestral(steps));
    methods.put("mean", new ExactMethod.Mean(steps, Leftovers.DRAWN));
    methods.put("first-hitting", new ExactMethod.FirstHitting(Leftovers.ARGMAX));
    return methods;
  }

  /** Three sequences of masks and a template, then the same template from the middle. */
  private void draw(
      String name, Denoiser denoiser, Schedule schedule, SamplingMethod method, TokenLaw law) {
    GenerativeModel model = new GenerativeModel(denoiser, SPACE, schedule);
    Sampler sampler = new Sampler(manager, kernels, model, method, law);
    int[] template = {3, 7, 7, 0, 7, 7, 7, 6, 7, 7, 2, 7, 1};
    List<InitialSequence> whole = new ArrayList<>();
    for (int index = 0; index < 3; index++) {
      whole.add(InitialSequence.masked(SPACE, LENGTH, index));
    }
    whole.add(new InitialSequence(template, 3));
    SampleRequest request = SampleRequest.of(whole).withSeed(83).withBatchSize(3);
    add(name, sampler, request);
    add(
        name + " from 0.6",
        sampler,
        SampleRequest.of(List.of(new InitialSequence(template, 4))).withSeed(84).withFrom(0.6));
  }

  private void add(String name, Sampler sampler, SampleRequest request) {
    Hearing hearing = new Hearing();
    List<Sample> samples = sampler.sample(request, hearing);
    lines.add("%s: calls %d of %d".formatted(name, hearing.calls.size(), sampler.calls(request)));
    add(samples, hearing);
  }

  private void add(List<Sample> samples, Hearing hearing) {
    for (Sample sample : samples) {
      List<TokenEvent> events =
          hearing.events.stream()
              .filter(event -> event.sample() == sample.index())
              .collect(Collectors.toList());
      lines.add(
          String.format(
              Locale.ROOT,
              "  %d %s calls %d times %.9f events %s",
              sample.index(),
              Arrays.stream(sample.tokens())
                  .mapToObj(Integer::toString)
                  .collect(Collectors.joining()),
              sample.calls(),
              events.stream().mapToDouble(event -> event.point().time()).sum(),
              events.stream()
                  .map(e -> "%d/%d/%d".formatted(e.point().step(), e.position(), e.token()))
                  .collect(Collectors.joining(" "))));
    }
  }

  /** A saved model: whole sequences, a filled template, and what was masked in part. */
  private void drawFromModel() throws IOException {
    TinyModelFolder.write(folder);
    NDManager own = NDManager.newBaseManager(Device.cpu());
    try (MaskedDiffusion model =
        new LoadedDiffusion(own, SavedModel.load(folder, Weights.EMA, own, Precision.FLOAT32))) {
      methods().forEach((name, method) -> drawFromModel(model, name, method));
    }
  }

  private void drawFromModel(MaskedDiffusion model, String name, SamplingMethod method) {
    SamplingOptions options = SamplingOptions.defaults().withMethod(method).withSeed(7);
    lines.add("model " + name);
    add(model.generate(2, options), new Hearing());
    add(List.of(model.infill("ca[MASK*3] [MASK]b", options.withLaw(CUT))), new Hearing());
    List<int[]> x =
        IntStream.range(0, 2)
            .mapToObj(i -> model.description().tokenizer().encode("abc cab a"))
            .collect(Collectors.toList());
    SamplingOptions from = options.withFrom(0.6);
    List<InitialSequence> masked = model.maskedInPart(x, from);
    Hearing hearing = new Hearing();
    add(model.generate(masked, from, hearing), hearing);
  }
}
