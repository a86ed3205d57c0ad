// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.support.OptionTypes;
import io.github.md4.sample.ApproximateMethod;
import io.github.md4.sample.ApproximateMethod.Order;
import io.github.md4.sample.ExactMethod;
import io.github.md4.sample.Remasking;
import io.github.md4.sample.SamplingMethod;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;

/** The samplers by the names that {@code --sampler} takes, and which other options each has. */
public enum SamplerKind {
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
  };

  /** The names, as help shows them. */
  static final String NAMES =
      "ancestral|mean|first-hitting|confidence|margin|entropy|remask-cap|remask-rescale|"
          + "remask-confidence";

  /** A group of options that some samplers have. */
  public enum Use {
    GRID,
    LEFTOVERS,
    DRAW,
    ORDER,
    REMASKING
  }

  /** What has the same options. */
  private enum Family {
    REVERSE,
    CONTINUOUS,
    ORDERED,
    REMASKED;

    boolean has(Use use) {
      return switch (use) {
        case GRID -> this == REVERSE || this == REMASKED;
        case LEFTOVERS -> this != ORDERED;
        case DRAW -> this == REVERSE;
        case ORDER -> this == ORDERED;
        case REMASKING -> this == REMASKED;
      };
    }
  }

  private final Family family;

  SamplerKind(Family family) {
    this.family = family;
  }

  abstract SamplingMethod method(SamplerOptions options);

  boolean has(Use use) {
    return family.has(use);
  }

  public static SamplerKind parse(String text) {
    return Arrays.stream(values())
        .filter(kind -> kind.toString().equals(text))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("sampler must be one of " + names() + ": " + text));
  }

  private static String names() {
    return Arrays.stream(values()).map(SamplerKind::toString).collect(Collectors.joining(", "));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The reader of the option's text. */
  static final class Converter implements ITypeConverter<SamplerKind> {
    @Override
    public SamplerKind convert(String text) throws Exception {
      return OptionTypes.parsed(SamplerKind::parse).convert(text);
    }
  }
}
