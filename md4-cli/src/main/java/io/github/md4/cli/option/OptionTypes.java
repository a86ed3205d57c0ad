// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.option;

import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.core.Decimals;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.PixelRange;
import io.github.md4.core.Precision;
import io.github.md4.core.model.Weights;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.character.TextVocabulary;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.data.image.Resize;
import io.github.md4.train.data.packing.VocabularyChoice;
import io.github.md4.train.data.zeroshot.Protocol;
import java.math.BigInteger;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The types of options. A text that an option cannot take is a usage error. */
public final class OptionTypes {
  private static final Pattern LIMIT = Pattern.compile("(\\d{1,6})([hms])");

  private static final Pattern SIZE = Pattern.compile("(\\d{1,5})(?:x(\\d{1,5}))?");

  private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,1000}");

  private OptionTypes() {}

  /** Registers the types with a command and its subcommands. */
  public static void register(CommandLine root) {
    root.registerConverter(Path.class, OptionTypes::path)
        .registerConverter(double.class, parsed(OptionTypes::number))
        .registerConverter(Double.class, parsed(OptionTypes::number))
        .registerConverter(int.class, OptionTypes::whole)
        .registerConverter(Integer.class, OptionTypes::whole)
        .registerConverter(long.class, text -> whole(text, Long.MIN_VALUE, Long.MAX_VALUE))
        .registerConverter(Long.class, text -> whole(text, Long.MIN_VALUE, Long.MAX_VALUE))
        .registerConverter(Weights.class, parsed(Weights::parse))
        .registerConverter(Precision.class, parsed(Precision::parse))
        .registerConverter(MemoryFormat.class, parsed(MemoryFormat::parse))
        .registerConverter(PixelRange.class, parsed(PixelRange::parse))
        .registerConverter(SamplingGrid.class, parsed(SamplingGrid::parse))
        .registerConverter(DeviceChoice.class, parsed(DeviceChoice::parse))
        .registerConverter(TextVocabulary.class, parsed(TextVocabulary::parse))
        .registerConverter(Resize.Area.class, parsed(OptionTypes::size))
        .registerConverter(SplitFractions.class, parsed(OptionTypes::fractions))
        .registerConverter(VocabularyChoice.class, parsed(VocabularyChoice::parse))
        .registerConverter(DocumentRule.class, parsed(DocumentRule::parse))
        .registerConverter(Detokenizer.class, parsed(Detokenizer::parse))
        .registerConverter(Protocol.class, parsed(Protocol::parse))
        .registerConverter(Leftovers.class, parsed(Leftovers::parse))
        .registerConverter(TokenLaw.TopP.class, parsed(text -> new TokenLaw.TopP(number(text))))
        .registerConverter(
            TokenLaw.TopK.class, text -> new TokenLaw.TopK(new Count().convert(text)))
        .registerConverter(Curve.class, parsed(Curve::parse))
        .registerConverter(TimeAxis.class, OptionTypes::axis)
        .registerConverter(TimeFloor.class, parsed(TimeFloor::parse))
        .registerConverter(Duration.class, parsed(OptionTypes::limit));
  }

  /** Returns a converter that turns an IllegalArgumentException into a usage error. */
  public static <T> ITypeConverter<T> parsed(Function<String, T> parse) {
    return text -> {
      try {
        return parse.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  private static int whole(String text) {
    return (int) whole(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Returns a whole number in [least, most]; one outside is told by the end that it passes. */
  private static long whole(String text, long least, long most) {
    if (!WHOLE.matcher(text).matches()) {
      throw new TypeConversionException("'" + text + "' is not a whole number");
    }
    BigInteger number = new BigInteger(text);
    if (number.compareTo(BigInteger.valueOf(least)) < 0) {
      throw new TypeConversionException("must be at least %,d: %,d".formatted(least, number));
    }
    if (number.compareTo(BigInteger.valueOf(most)) > 0) {
      throw new TypeConversionException("must be at most %,d: %,d".formatted(most, number));
    }
    return number.longValue();
  }

  /** Java takes names for what the locale says; bin/md4 sees to it that this is UTF-8. */
  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "%s is no name of a file where the locale is %s; start bin/md4, or set LC_ALL=C.UTF-8"
              .formatted(text, System.getProperty("sun.jnu.encoding")));
    }
  }

  private static TimeAxis axis(String text) {
    return text.equals("inf")
        ? new TimeAxis.Continuous()
        : new TimeAxis.Discrete(new Count().convert(text));
  }

  private static SplitFractions fractions(String text) {
    String[] shares = text.split(",", -1);
    if (shares.length != 2) {
      throw new IllegalArgumentException(
          "fractions must be the shares of train and valid, such as 0.9,0.05: " + text);
    }
    return new SplitFractions(number(shares[0]), number(shares[1]));
  }

  private static double number(String text) {
    try {
      return Decimals.parse(text);
    } catch (NumberFormatException e) {
      String reason = String.valueOf(e.getMessage());
      boolean isNumber = reason.contains("64 bits"); // one that these do not hold
      throw new IllegalArgumentException(
          isNumber ? reason : "must be a number, such as 0.5: " + text, e);
    }
  }

  private static Resize.Area size(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a size must be written like 64 or 48x64, rows first: " + text);
    }
    int height = Integer.parseInt(matcher.group(1));
    return new Resize.Area(
        height, matcher.group(2) == null ? height : Integer.parseInt(matcher.group(2)));
  }

  private static Duration limit(String text) {
    Matcher matcher = LIMIT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a time must be written like 2h, 30m or 90s: " + text);
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "h" -> Duration.ofHours(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofSeconds(number);
    };
  }

  /** A number above 0 and at most 1. */
  public static final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return checked(text, value -> value > 0 && value <= 1, "must be in (0, 1]");
    }
  }

  /** A share of positions of which some are left. */
  public static final class GivenShare implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return checked(text, value -> value >= 0 && value < 1, "must be in [0, 1)");
    }
  }

  /** A number of at least 0. */
  public static final class NotNegative implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return checked(
          text, value -> value >= 0 && value < Double.POSITIVE_INFINITY, "must be at least 0");
    }
  }

  /** A number, neither infinite nor NaN. */
  public static final class Finite implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return checked(text, Double::isFinite, "must be finite");
    }
  }

  /** A scale of guidance; a greater one would make logits infinite. */
  public static final class Guidance implements ITypeConverter<Double> {
    private static final double MOST = 1e6;

    @Override
    public Double convert(String text) {
      return checked(text, value -> Math.abs(value) <= MOST, "must be in [-1e6, 1e6]");
    }
  }

  /** A scale of guidance of at least 0. */
  public static final class PromptGuidance implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return checked(text, value -> value >= 0 && value <= Guidance.MOST, "must be in [0, 1e6]");
    }
  }

  private static double checked(String text, DoublePredicate holds, String complaint) {
    double value;
    try {
      value = number(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
    if (!holds.test(value)) {
      throw new TypeConversionException(complaint + ": " + text);
    }
    return value;
  }

  /** A count of at least 1, whose size costs nothing: it is a limit, or the work streams. */
  public static final class Count implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return count(text, Integer.MAX_VALUE);
    }
  }

  /** A count of at least 1 of what is in memory at once: a larger one is a digit too many. */
  public static final class Amount implements ITypeConverter<Integer> {
    /** The largest amount. */
    public static final int MOST = 1 << 20;

    @Override
    public Integer convert(String text) {
      return count(text, MOST);
    }
  }

  /** A number of threads or processes. */
  public static final class Workers implements ITypeConverter<Integer> {
    private static final int MOST = 1024;

    @Override
    public Integer convert(String text) {
      return count(text, MOST);
    }
  }

  /** A port of TCP. */
  public static final class Port implements ITypeConverter<Integer> {
    private static final int MOST = 65_535;

    @Override
    public Integer convert(String text) {
      return count(text, MOST);
    }
  }

  private static int count(String text, int most) {
    return (int) whole(text, 1, most);
  }
}
