// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.sample.SamplingOptions;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** The fields of a request that say how to draw. */
final class SamplingFields {
  private static final int MOST_STEPS = 100_000;
  private static final int MOST_CHOICES = 128;
  private static final double HOTTEST = 100;
  private static final Pattern LARGE_NUMBER = Pattern.compile("[1-9]\\d{5,}");

  private SamplingFields() {}

  /** Returns the number of samples that are asked for, in [1, 128]; 1 where the field is absent. */
  static int choices(Fields fields) {
    return fields.count("n", 1, MOST_CHOICES).orElse(1);
  }

  /**
   * Returns the options of a request, with a random seed where it names none.
   *
   * @throws Refusal if a field is wrong
   */
  static SamplingOptions read(Fields fields, SamplingOptions defaults) {
    SamplingOptions options = defaults.sampler(sampler(fields, defaults));
    OptionalInt steps = fields.count("steps", 1, MOST_STEPS);
    OptionalInt topK = fields.count("top_k", 1, Integer.MAX_VALUE);
    OptionalDouble topP = fields.number("top_p", Double.MIN_VALUE, 1);
    OptionalDouble temperature = fields.number("temperature", 0, HOTTEST);
    if (steps.isPresent()) {
      options = options.steps(steps.getAsInt());
    }
    if (temperature.isPresent()) {
      options = options.temperature(temperature.getAsDouble());
    }
    if (topK.isPresent()) {
      options = options.topK(topK.getAsInt());
    }
    if (topP.orElse(1) < 1) {
      options = options.topP(topP.getAsDouble());
    }
    var seed = fields.whole("seed");
    return seed.isPresent() ? options.seed(seed.getAsLong()) : options.randomSeed();
  }

  private static String sampler(Fields fields, SamplingOptions defaults) {
    String sampler = fields.text("sampler").orElse(defaults.sampler());
    if (LARGE_NUMBER.matcher(sampler).find()) {
      throw Refusal.wrong("sampler", "the numbers of sampler must be below 100000: " + sampler);
    }
    return sampler;
  }
}
