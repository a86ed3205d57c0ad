// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.option.TitledOptions;
import io.github.md4.cli.sample.SamplerKind.OptionGroup;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.BlockCounts;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.SampleRequest;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of the sampler. An option without effect on the chosen sampler is an error. */
public final class SamplerOptions implements TitledOptions {
  private static final double DEFAULT_REMASK_RATE = 0.05;
  private static final int MOST_CORRECTORS = 1024;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--sampler",
      paramLabel = "METHOD",
      converter = SamplerKind.Converter.class,
      description =
          "The order in which positions are revealed. ancestral, mean and first-hitting follow the"
              + " reverse process (exact); confidence, margin and entropy reveal the surest first,"
              + " and remask-cap, remask-rescale and remask-confidence mask tokens again"
              + " (approximate). random-order takes any order, autoregressive goes from left to"
              + " right, and euler, analytic and tau-leaping step by the scores, as SEDD and tauLDR"
              + " do; llada, dllm, the dream ones, mdlm, the sedd ones, radd and bd3lm are those of"
              + " published models. Default: ancestral, of an autoregressive model autoregressive; in"
              + " chat that of the model's authors.")
  private SamplerKind chosen;

  /** The sampler used when --sampler is absent. */
  private SamplerKind standard = SamplerKind.standard(new Generation.Unmasking());

  @Option(
      names = "--draw",
      paramLabel = "exact|reference",
      description =
          "The draw of tokens: in float64, with calls of the network only where something is"
              + " revealed; or with the reference's float32 Gumbel noise, which loses rare tokens"
              + " and calls the network at every step. Default: exact.")
  private Draw draw;

  @Option(
      names = "--steps",
      paramLabel = "T",
      converter = OptionTypes.Amount.class,
      description =
          "The number of steps from all masked to none. Default: 1000, with samplers of published"
              + " models "
              + SamplerKind.PUBLISHED_STEPS
              + ", of bd3lm one for each position.")
  private Integer steps;

  @Option(
      names = "--grid",
      paramLabel = "uniform|cosine",
      description =
          "The spacing of the steps' times. Default: cosine; uniform for images of a model with the"
              + " cosine schedule.")
  private SamplingGrid grid;

  /** The grid used when --grid is absent. */
  private SamplingGrid defaultGrid = SamplingSteps.STANDARD.grid();

  @Option(
      names = "--leftovers",
      paramLabel = "argmax|drawn",
      description =
          "The tokens of the few positions that are still masked at time 0: the likeliest, or"
              + " drawn ones. Default: argmax, as in the reference.")
  private Leftovers leftovers;

  @Mixin private LawOptions law;

  @Option(
      names = "--tokens-per-step",
      paramLabel = "K",
      converter = OptionTypes.Count.class,
      description =
          "The number of tokens that a step of confidence, margin, entropy or random-order reveals."
              + " Default: 1.")
  private Integer tokensAStep;

  @Option(
      names = "--order-temperature",
      paramLabel = "X",
      converter = OptionTypes.NotNegative.class,
      description =
          "The temperature at which the positions of the revealed tokens are drawn; 0 takes the"
              + " surest. Default: 0.")
  private Double orderTemperature;

  @Option(
      names = "--remask-rate",
      paramLabel = "ETA",
      converter = OptionTypes.Share.class,
      description =
          "The largest probability with which remask-cap masks a token again at a step; for the"
              + " other two, the share of the largest possible probability. Default: "
              + DEFAULT_REMASK_RATE
              + ".")
  private Double remaskRate;

  @Option(
      names = "--correctors",
      paramLabel = "N",
      description = "The number of corrector steps of tau-leaping after each step. Default: 0.")
  private Integer correctors;

  @Mixin private BlockOptions blocks;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description =
          "The seed. A sample depends only on it and its own index. Default: ${DEFAULT-VALUE}.")
  private long seed = 0;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "Samples at once. Has no effect on the result. Default: ${DEFAULT-VALUE}.")
  private int batchSize = SampleRequest.DEFAULT_BATCH_SIZE;

  /** The draws that {@code --draw} takes. */
  enum Draw {
    EXACT,
    REFERENCE
  }

  /**
   * Returns the options that are chosen.
   *
   * @throws ParameterException if an option has no effect with the sampler
   */
  public SamplingOptions options() {
    for (OptionGroup group : OptionGroup.values()) {
      refuseWithout(group);
    }
    if (correctors() < 0 || correctors() > MOST_CORRECTORS) {
      throw new ParameterException(
          spec.commandLine(),
          "'--correctors' must be in [0, %,d]: %,d".formatted(MOST_CORRECTORS, correctors()));
    }
    return SamplingOptions.defaults()
        .withMethod(method())
        .withLaw(law().law())
        .seed(seed)
        .batchSize(batchSize);
  }

  /**
   * Takes the model's own sampler where none was chosen, and checks that the sampler has a form for
   * the model. {@link #options} is the model's from here on.
   *
   * @throws InvalidConfigException if it has none
   * @throws ParameterException if an option has no effect with the model's own sampler
   */
  void fitTo(MaskedDiffusion model) {
    fitTo(model.description().config().network());
    fitTo(model.schedule(), model.generation());
  }

  /**
   * Takes the network's blocks where the sampler goes by them.
   *
   * @throws InvalidConfigException if others were chosen
   */
  public void fitTo(NetworkConfig network) {
    if (sampler().hasNetworksBlocks()) {
      blocks.fitTo(network);
    }
  }

  /**
   * Checks a length of sequences.
   *
   * @param option the option that gives it
   * @throws InvalidConfigException unless it is whole blocks, where the network takes no others
   */
  void checkLength(String option, int length) {
    if (sampler().hasNetworksBlocks()) {
      blocks.checkLength(option, length, sampler());
    }
  }

  /** As {@link #fitTo(MaskedDiffusion)}, for a model that is not loaded. */
  public void fitTo(Schedule schedule, Generation generation) {
    standard = SamplerKind.standard(generation);
    SamplingMethod method = options().method();
    try {
      SamplingProcedure unused = method.under(schedule, generation);
    } catch (IllegalArgumentException e) {
      throw new InvalidConfigException("--sampler", e.getMessage());
    }
  }

  private SamplerKind sampler() {
    return chosen == null ? standard : chosen;
  }

  private void refuseWithout(OptionGroup group) {
    for (String name : group.names()) {
      if (!has(group) && spec.commandLine().getParseResult().hasMatchedOption(name)) {
        throw new ParameterException(
            spec.commandLine(), "'%s' has no effect with --sampler %s".formatted(name, sampler()));
      }
    }
  }

  SamplerLaw law() {
    return law.law(sampler().temperature());
  }

  /** Returns the method that the options name. */
  SamplingMethod method() {
    return sampler().method(this);
  }

  /** Returns whether the sampler takes the options of a group. */
  boolean has(OptionGroup group) {
    return sampler().has(group);
  }

  boolean isPublished() {
    return sampler().isPublished();
  }

  /** Chooses a sampler by its name where none was chosen. */
  void setDefaultSampler(String name) {
    if (chosen == null) {
      chosen = SamplerKind.parse(name);
    }
  }

  /** Replaces the cosine grid as the default. */
  void setDefaultGrid(SamplingGrid other) {
    defaultGrid = other;
  }

  long seed() {
    return seed;
  }

  boolean isReference() {
    return draw == Draw.REFERENCE;
  }

  SamplingSteps grid() {
    return new SamplingSteps(
        grid == null ? defaultGrid : grid, steps == null ? SamplingSteps.STANDARD.steps() : steps);
  }

  Leftovers leftovers() {
    return leftovers == null ? Leftovers.ARGMAX : leftovers;
  }

  int tokensAStep() {
    return tokensAStep == null ? 1 : tokensAStep;
  }

  int correctors() {
    return correctors == null ? 0 : correctors;
  }

  double remaskRate() {
    return remaskRate == null ? DEFAULT_REMASK_RATE : remaskRate;
  }

  SamplingMethod ordered(ApproximateMethod.Order order) {
    return new ApproximateMethod.Ordered(
        order, tokensAStep(), orderTemperature == null ? 0 : orderTemperature);
  }

  SamplingMethod blocks(BlockCounts counts) {
    return blocks.filled(counts, publishedSteps());
  }

  /** Without steps positions are revealed one by one, as the release's scripts do. */
  SamplingMethod blockwise() {
    return blocks.blockwise(publishedSteps());
  }

  SamplingMethod timed(PublishedMethod.Rule rule) {
    return new PublishedMethod.Timed(rule, stepCount());
  }

  SamplingMethod dream(PublishedMethod.Algorithm algorithm) {
    return new PublishedMethod.Dream(
        algorithm, publishedSteps(), orderTemperature == null ? 0 : orderTemperature);
  }

  int publishedSteps() {
    return steps == null ? sampler().publishedSteps() : steps;
  }

  SamplingMethod remasked(Remasking remasking) {
    return new ApproximateMethod.Remasked(grid(), remasking, leftovers());
  }

  /** Returns the number of samples at once. */
  public int batchSize() {
    return batchSize;
  }

  /** Returns the number of steps of the sampler, 0 without a grid. */
  public int stepCount() {
    return sampler().isPublished()
        ? publishedSteps()
        : sampler().has(OptionGroup.GRID) ? grid().steps() : 0;
  }

  /** Returns what is chosen, in words and for scripts. */
  public SamplerSummary summary() {
    return new SamplerSummary(this);
  }

  @Override
  public String title() {
    return "The sampler";
  }
}
