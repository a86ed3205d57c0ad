// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.support.OptionTypes;
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
import picocli.CommandLine.ITypeConverter;

/** The samplers by the names that {@code --sampler} takes, with the other options of each. */
enum SamplerKind {
  ANCESTRAL(Family.REVERSE) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.isReference()
          ? new ApproximateMethod.ReferenceAncestral(options.grid(), options.leftovers())
          : new ExactMethod.Ancestral(options.grid(), options.leftovers());
    }
  },
  MEAN(Family.REVERSE) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.isReference()
          ? new ApproximateMethod.ReferenceMean(options.grid(), options.leftovers())
          : new ExactMethod.Mean(options.grid(), options.leftovers());
    }
  },
  FIRST_HITTING(Family.CONTINUOUS) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return new ExactMethod.FirstHitting(options.leftovers());
    }
  },
  CONFIDENCE(Family.ORDERED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.ordered(Order.CONFIDENCE);
    }
  },
  MARGIN(Family.ORDERED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.ordered(Order.MARGIN);
    }
  },
  ENTROPY(Family.ORDERED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.ordered(Order.ENTROPY);
    }
  },
  REMASK_CAP(Family.REMASKED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.remasked(new Remasking.Cap(options.remaskRate()));
    }
  },
  REMASK_RESCALE(Family.REMASKED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.remasked(new Remasking.Rescale(options.remaskRate()));
    }
  },
  REMASK_CONFIDENCE(Family.REMASKED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.remasked(new Remasking.Confidence(options.remaskRate()));
    }
  },
  RANDOM_ORDER(Family.SHUFFLED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return new ApproximateMethod.RandomOrder(options.tokensAStep());
    }
  },
  AUTOREGRESSIVE(Family.CAUSAL) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return new ExactMethod.LeftToRight();
    }
  },
  EULER(Family.SCORED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return new ApproximateMethod.Euler(options.grid(), options.leftovers());
    }
  },
  ANALYTIC(Family.SCORED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return new ApproximateMethod.Analytic(options.grid(), options.leftovers());
    }
  },
  TAU_LEAPING(Family.LEAPING) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return new ApproximateMethod.TauLeaping(
          options.grid(), options.correctors(), options.leftovers());
    }
  },
  LLADA(Family.BLOCKS) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.blocks(BlockCounts.LLADA);
    }
  },
  DLLM(Family.BLOCKS) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.blocks(BlockCounts.DLLM);
    }
  },
  DREAM_ORIGIN(Family.DREAM) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.dream(PublishedMethod.Algorithm.ORIGIN);
    }
  },
  DREAM_MASKGIT_PLUS(Family.DREAM) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.dream(PublishedMethod.Algorithm.MASKGIT_PLUS);
    }
  },
  DREAM_TOPK_MARGIN(Family.DREAM) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.dream(PublishedMethod.Algorithm.TOPK_MARGIN);
    }
  },
  DREAM_ENTROPY(Family.DREAM) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.dream(PublishedMethod.Algorithm.ENTROPY);
    }
  },
  MDLM(Family.TIMED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.timed(PublishedMethod.Rule.MDLM);
    }
  },
  SEDD_EULER(Family.TIMED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.timed(PublishedMethod.Rule.SEDD_EULER);
    }
  },
  SEDD_ANALYTIC(Family.TIMED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.timed(PublishedMethod.Rule.SEDD_ANALYTIC);
    }
  },
  RADD(Family.TIMED) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.dream(PublishedMethod.Algorithm.RADD);
    }
  },
  BD3LM(Family.BLOCKWISE) {
    @Override
    SamplingMethod method(SamplerOptions options) {
      return options.blockwise();
    }
  };

  /** The default steps of the samplers of published models, but for BD3-LM's. */
  static final int PUBLISHED_STEPS = 128;

  /** A group of options that some samplers have. */
  enum OptionGroup {
    GRID,
    LEFTOVERS,
    STEPS,
    DRAW,
    TOKENS,
    ORDER_TEMPERATURE,
    REMASKING,
    BLOCK,
    BLOCKS,
    CORRECTORS
  }

  /** A family of samplers with the same options. */
  private enum Family {
    REVERSE,
    CONTINUOUS,
    ORDERED,
    REMASKED,
    SHUFFLED,
    CAUSAL,
    SCORED,
    LEAPING,
    BLOCKS,
    DREAM,
    TIMED,
    BLOCKWISE;

    boolean isPublished() {
      return this == BLOCKS || this == DREAM || this == TIMED || this == BLOCKWISE;
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
      return switch (group) {
        case GRID -> this == REVERSE || this == REMASKED || this == SCORED || this == LEAPING;
        case STEPS -> has(OptionGroup.GRID) || isPublished();
        case BLOCK -> this == BLOCKS || this == BLOCKWISE;
        case LEFTOVERS -> has(OptionGroup.GRID) || this == CONTINUOUS;
        case DRAW -> this == REVERSE;
        case TOKENS -> this == ORDERED || this == SHUFFLED;
        case ORDER_TEMPERATURE -> this == ORDERED || this == DREAM;
        case BLOCKS -> this == BLOCKS;
        case REMASKING -> this == REMASKED;
        case CORRECTORS -> this == LEAPING;
      };
    }
  }

  private final Family family;

  SamplerKind(Family family) {
    this.family = family;
  }

  /** Returns the method with the values of the options. */
  abstract SamplingMethod method(SamplerOptions options);

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
