// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.sample.SamplerKind.Use;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.OptionTypes;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.ApproximateMethod;
import io.github.md4.sample.Leftovers;
import io.github.md4.sample.Remasking;
import io.github.md4.sample.SampleRequest;
import io.github.md4.sample.SamplingMethod;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.SamplingSteps;
import io.github.md4.sample.TokenLaw;
import io.github.md4.sample.trace.Trace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How samples are drawn. An option that the chosen sampler does not have is an error. */
public final class SamplerOptions {
  private static final int DEFAULT_STEPS = 1000;
  private static final double DEFAULT_REMASK_RATE = 0.05;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--sampler",
      paramLabel = SamplerKind.NAMES,
      converter = SamplerKind.Converter.class,
      description =
          "The order in which positions are revealed: the reverse process's (the first three,"
              + " exact), the surest first, or with tokens masked again (approximate)."
              + " Default: ${DEFAULT-VALUE}.")
  private SamplerKind sampler = SamplerKind.ANCESTRAL;

  @Option(
      names = "--draw",
      paramLabel = "exact|reference",
      description =
          "float64, which asks the network only where something is revealed; or the reference's"
              + " float32 Gumbel noise, which loses rare tokens and asks at every step."
              + " Default: exact.")
  private Draw draw;

  @Option(
      names = "--steps",
      paramLabel = "T",
      converter = OptionTypes.Count.class,
      description = "Steps from all masked to none. Default: " + DEFAULT_STEPS + ".")
  private Integer steps;

  @Option(
      names = "--grid",
      paramLabel = "uniform|cosine",
      description =
          "Where the times of the steps lie. Default: cosine; uniform for images of a model of the"
              + " cosine schedule.")
  private SamplingGrid grid;

  /** That where nothing is said. */
  private SamplingGrid usualGrid = new SamplingGrid.Cosine();

  @Option(
      names = "--leftovers",
      paramLabel = "argmax|drawn",
      description =
          "What the few positions become that are still masked at time 0. Default: argmax, as in"
              + " the reference.")
  private Leftovers leftovers;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      converter = OptionTypes.NotNegative.class,
      description = "Divide logits by it; 0 takes the likeliest token. Default: ${DEFAULT-VALUE}.")
  private double temperature = 1;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw from the K likeliest tokens. Default: from all.")
  private TokenLaw.TopK topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Draw from the smallest set of likeliest tokens with a mass of at least P, after --top-k."
              + " Default: from all.")
  private TokenLaw.TopP topP;

  @Option(
      names = "--tokens-per-step",
      paramLabel = "K",
      converter = OptionTypes.Count.class,
      description = "Tokens revealed at once by confidence, margin and entropy. Default: 1.")
  private Integer tokensAStep;

  @Option(
      names = "--order-temperature",
      paramLabel = "X",
      converter = OptionTypes.NotNegative.class,
      description = "Draw the order, not the tokens, with this temperature. Default: 0.")
  private Double orderTemperature;

  @Option(
      names = "--remask-rate",
      paramLabel = "ETA",
      converter = OptionTypes.Share.class,
      description =
          "The most that remask-cap masks again at a step, or the share of what is possible that"
              + " the other two do. Default: "
              + DEFAULT_REMASK_RATE
              + ".")
  private Double remaskRate;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description =
          "The seed; a sample depends on it and its index alone. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Samples at once; of no effect on the result. Default: ${DEFAULT-VALUE}.")
  private int batchSize = SampleRequest.DEFAULT_BATCH_SIZE;

  /** Which draw. */
  enum Draw {
    EXACT,
    REFERENCE
  }

  /**
   * Returns what is chosen.
   *
   * @throws ParameterException if an option is of no use to the sampler
   */
  public SamplingOptions options() {
    refuse("--steps", steps, Use.GRID);
    refuse("--grid", grid, Use.GRID);
    refuse("--leftovers", leftovers, Use.LEFTOVERS);
    refuse("--draw", draw, Use.DRAW);
    refuse("--tokens-per-step", tokensAStep, Use.ORDER);
    refuse("--order-temperature", orderTemperature, Use.ORDER);
    refuse("--remask-rate", remaskRate, Use.REMASKING);
    return new SamplingOptions(sampler.method(this), law(), seed, batchSize, 1);
  }

  private void refuse(String name, Object given, Use use) {
    if (given != null && !sampler.has(use)) {
      throw new ParameterException(
          spec.commandLine(), "'%s': is of no use to --sampler %s".formatted(name, sampler));
    }
  }

  private TokenLaw law() {
    List<TokenLaw.Truncation> truncations = new ArrayList<>();
    if (topK != null) {
      truncations.add(topK);
    }
    if (topP != null) {
      truncations.add(topP);
    }
    return new TokenLaw(temperature, truncations);
  }

  /** Takes another grid than the cosine where the user names none. */
  void setUsualGrid(SamplingGrid usual) {
    usualGrid = usual;
  }

  long seed() {
    return seed;
  }

  boolean isReference() {
    return draw == Draw.REFERENCE;
  }

  SamplingSteps grid() {
    return new SamplingSteps(
        grid == null ? usualGrid : grid, steps == null ? DEFAULT_STEPS : steps);
  }

  Leftovers leftovers() {
    return leftovers == null ? Leftovers.ARGMAX : leftovers;
  }

  double remaskRate() {
    return remaskRate == null ? DEFAULT_REMASK_RATE : remaskRate;
  }

  SamplingMethod ordered(ApproximateMethod.Order order) {
    return new ApproximateMethod.Ordered(
        order,
        tokensAStep == null ? 1 : tokensAStep,
        orderTemperature == null ? 0 : orderTemperature);
  }

  SamplingMethod remasked(Remasking remasking) {
    return new ApproximateMethod.Remasked(grid(), remasking, leftovers());
  }

  public int batchSize() {
    return batchSize;
  }

  /** Returns how many steps the sampler has, 0 where it has no grid. */
  public int stepCount() {
    return sampler.has(Use.GRID) ? grid().steps() : 0;
  }

  /** Returns all of it for a script. */
  public ObjectNode json() {
    SamplingMethod method = sampler.method(this);
    ObjectNode json =
        Json.object()
            .put("sampler", method.name())
            .put("exact", method.isExact())
            .put("draw", method.draw())
            .put("seed", seed);
    if (sampler.has(Use.GRID)) {
      json.put("steps", grid().steps()).put("grid", grid().grid().toString());
    }
    if (sampler.has(Use.LEFTOVERS)) {
      json.put("leftovers", leftovers().toString());
    }
    if (!law().equals(TokenLaw.MODEL)) {
      json.put("law", lawText());
    }
    return json;
  }

  /** Returns what a trace says of the samples of a model's folder. */
  Trace.Header traceHeader(SavedModel.Description model, Path folder) {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("model", folder.toString());
    about.put("sampler", label());
    about.put("seed", Long.toString(seed));
    return new Trace.Header(
        about,
        stepCount(),
        model.config().schedule().toString(),
        model.config().epsilon(),
        model.tokenizer().image());
  }

  /** Returns what a person is told of it. */
  public String label() {
    SamplingMethod method = sampler.method(this);
    String kind = method.isExact() ? "exact" : "approximate";
    String draw = method.draw() + " draw" + (isReference() ? " at every step" : "");
    String grid = sampler.has(Use.GRID) ? ", " + grid().steps() + " steps, " + grid().grid() : "";
    String law = law().equals(TokenLaw.MODEL) ? "" : ", " + lawText();
    return "%s (%s), %s%s%s".formatted(method.name(), kind, draw, grid, law);
  }

  private String lawText() {
    List<String> parts = new ArrayList<>();
    if (temperature != 1) {
      parts.add("temperature " + temperature);
    }
    if (topK != null) {
      parts.add("top-k " + topK.k());
    }
    if (topP != null) {
      parts.add("top-p " + topP.p());
    }
    return String.join(", ", parts);
  }
}
