// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.option.OptionTypes;
import io.github.md4.core.Choices;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ApproximateMethod.Order;
import io.github.md4.sample.method.BlockCounts;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;

/** The samplers by the names that {@code --sampler} takes, with the other options of each. */
enum SamplerKind {
  ANCESTRAL(
      Family.REVERSE,
      options ->
          options.isReference()
              ? new ApproximateMethod.ReferenceAncestral(options.grid(), options.leftovers())
              : new ExactMethod.Ancestral(options.grid(), options.leftovers())),
  MEAN(
      Family.REVERSE,
      options ->
          options.isReference()
              ? new ApproximateMethod.ReferenceMean(options.grid(), options.leftovers())
              : new ExactMethod.Mean(options.grid(), options.leftovers())),
  FIRST_HITTING(Family.CONTINUOUS, options -> new ExactMethod.FirstHitting(options.leftovers())),
  CONFIDENCE(Family.ORDERED, options -> options.ordered(Order.CONFIDENCE)),
  MARGIN(Family.ORDERED, options -> options.ordered(Order.MARGIN)),
  ENTROPY(Family.ORDERED, options -> options.ordered(Order.ENTROPY)),
  REMASK_CAP(Family.REMASKED, options -> options.remasked(new Remasking.Cap(options.remaskRate()))),
  REMASK_RESCALE(
      Family.REMASKED, options -> options.remasked(new Remasking.Rescale(options.remaskRate()))),
  REMASK_CONFIDENCE(
      Family.REMASKED, options -> options.remasked(new Remasking.Confidence(options.remaskRate()))),
  RANDOM_ORDER(
      Family.SHUFFLED, options -> new ApproximateMethod.RandomOrder(options.tokensAStep())),
  AUTOREGRESSIVE(Family.CAUSAL, options -> new ExactMethod.LeftToRight()),
  EULER(Family.SCORED, options -> new ApproximateMethod.Euler(options.grid(), options.leftovers())),
  ANALYTIC(
      Family.SCORED,
      options -> new ApproximateMethod.Analytic(options.grid(), options.leftovers())),
  TAU_LEAPING(
      Family.LEAPING,
      options ->
          new ApproximateMethod.TauLeaping(
              options.grid(), options.correctors(), options.leftovers())),
  LLADA(Family.BLOCKS, options -> options.blocks(BlockCounts.LLADA)),
  DLLM(Family.BLOCKS, options -> options.blocks(BlockCounts.DLLM)),
  DREAM_ORIGIN(Family.DREAM, options -> options.dream(PublishedMethod.Algorithm.ORIGIN)),
  DREAM_MASKGIT_PLUS(
      Family.DREAM, options -> options.dream(PublishedMethod.Algorithm.MASKGIT_PLUS)),
  DREAM_TOPK_MARGIN(Family.DREAM, options -> options.dream(PublishedMethod.Algorithm.TOPK_MARGIN)),
  DREAM_ENTROPY(Family.DREAM, options -> options.dream(PublishedMethod.Algorithm.ENTROPY)),
  MDLM(Family.TIMED, options -> options.timed(PublishedMethod.Rule.MDLM)),
  SEDD_EULER(Family.TIMED, options -> options.timed(PublishedMethod.Rule.SEDD_EULER)),
  SEDD_ANALYTIC(Family.TIMED, options -> options.timed(PublishedMethod.Rule.SEDD_ANALYTIC)),
  RADD(Family.TIMED, options -> options.dream(PublishedMethod.Algorithm.RADD)),
  BD3LM(Family.BLOCKWISE, SamplerOptions::blockwise);

  /** The default steps of the samplers of published models, but for BD3-LM's. */
  static final int PUBLISHED_STEPS = 128;

  /** A group of options that some samplers have. */
  enum OptionGroup {
    STEPS("--steps"),
    GRID("--grid"),
    LEFTOVERS("--leftovers"),
    DRAW("--draw"),
    TOKENS("--tokens-per-step"),
    ORDER_TEMPERATURE("--order-temperature"),
    BLOCK("--block"),
    BLOCKS("--remasking", "--prompt-guidance"),
    REMASKING("--remask-rate"),
    CORRECTORS("--correctors");

    @SuppressWarnings("ImmutableEnumChecker") // of List.of
    private final List<String> names;

    OptionGroup(String... names) {
      this.names = List.of(names);
    }

    /** Returns the names of its options. */
    List<String> names() {
      return names;
    }
  }

  /** A family of samplers with the same options. */
  private enum Family {
    REVERSE(OptionGroup.STEPS, OptionGroup.GRID, OptionGroup.LEFTOVERS, OptionGroup.DRAW),
    CONTINUOUS(OptionGroup.LEFTOVERS),
    ORDERED(OptionGroup.TOKENS, OptionGroup.ORDER_TEMPERATURE),
    REMASKED(OptionGroup.STEPS, OptionGroup.GRID, OptionGroup.LEFTOVERS, OptionGroup.REMASKING),
    SHUFFLED(OptionGroup.TOKENS),
    CAUSAL,
    SCORED(OptionGroup.STEPS, OptionGroup.GRID, OptionGroup.LEFTOVERS),
    LEAPING(OptionGroup.STEPS, OptionGroup.GRID, OptionGroup.LEFTOVERS, OptionGroup.CORRECTORS),
    BLOCKS(OptionGroup.STEPS, OptionGroup.BLOCK, OptionGroup.BLOCKS),
    DREAM(OptionGroup.STEPS, OptionGroup.ORDER_TEMPERATURE),
    TIMED(OptionGroup.STEPS),
    BLOCKWISE(OptionGroup.STEPS, OptionGroup.BLOCK);

    @SuppressWarnings("ImmutableEnumChecker") // of Set.of
    private final Set<OptionGroup> groups;

    Family(OptionGroup... groups) {
      this.groups = Set.of(groups);
    }

    /** Published samplers lay their steps out by rules of their own, without a grid. */
    boolean isPublished() {
      return has(OptionGroup.STEPS) && !has(OptionGroup.GRID);
    }

    /** BD3-LM reveals one position after another where no steps are asked for. */
    int steps() {
      return this == BLOCKWISE ? 0 : PUBLISHED_STEPS;
    }

    /** LLaDA and Dream take the likeliest token; the others draw. */
    double temperature() {
      return this == BLOCKS || this == DREAM ? 0 : 1;
    }

    boolean has(OptionGroup group) {
      return groups.contains(group);
    }
  }

  private final Family family;

  @SuppressWarnings("ImmutableEnumChecker") // without a state: each is a function of this file
  private final Function<SamplerOptions, SamplingMethod> method;

  SamplerKind(Family family, Function<SamplerOptions, SamplingMethod> method) {
    this.family = family;
    this.method = method;
  }

  /** Returns the method with the values of the options. */
  SamplingMethod method(SamplerOptions options) {
    return method.apply(options);
  }

  /** Returns whether it is the sampler of a published model. */
  boolean isPublished() {
    return family.isPublished();
  }

  /** Returns the steps of the sampler of a published model where none are asked for. */
  int publishedSteps() {
    return family.steps();
  }

  /** Returns whether its blocks are those of the network. */
  boolean hasNetworksBlocks() {
    return family == Family.BLOCKWISE;
  }

  /** Returns the temperature where none is asked for. */
  double temperature() {
    return family.temperature();
  }

  /** Returns whether options of a group have an effect on this sampler. */
  boolean has(OptionGroup group) {
    return family.has(group);
  }

  /** Returns the sampler of a model for which none is chosen. */
  static SamplerKind standard(Generation generation) {
    return parse(SamplingMethod.standard(generation, SamplingSteps.STANDARD).name());
  }

  static SamplerKind parse(String text) {
    return Choices.parse(values(), "sampler", text);
  }

  @Override
  public String toString() {
    return Choices.name(this).replace('_', '-');
  }

  /** The converter of the option's text. */
  static final class Converter implements ITypeConverter<SamplerKind> {
    @Override
    public SamplerKind convert(String text) throws Exception {
      return OptionTypes.parsed(SamplerKind::parse).convert(text);
    }
  }
}
