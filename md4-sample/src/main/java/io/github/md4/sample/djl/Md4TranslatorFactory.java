// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.Model;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import io.github.md4.core.Decimals;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.Sample;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Translators of templates to texts: {@code String} to {@code String}, and {@code Input} to {@code
 * Output} for DJL Serving. {@code [MASK*]} as a template is a text of the model's length.
 *
 * <p>Arguments, as of {@code Criteria.optArgument} or {@code serving.properties}: {@code sampler},
 * {@code steps}, {@code temperature}, {@code topK}, {@code topP}, {@code seed} and {@code
 * batchSize}, as in {@link SamplingOptions}. Without {@code seed} each call has a random one.
 * docs/djl.md has programs.
 */
public final class Md4TranslatorFactory implements TranslatorFactory {
  private static final List<String> NAMES =
      List.of("sampler", "steps", "temperature", "topK", "topP", "seed", "batchSize");

  /** Makes the factory, also for DJL by its name. */
  public Md4TranslatorFactory() {}

  @Override
  public Set<Pair<Type, Type>> getSupportedTypes() {
    return Set.of(new Pair<>(String.class, String.class), new Pair<>(Input.class, Output.class));
  }

  /**
   * Returns a translator.
   *
   * @throws TranslateException if the types are others, or an argument is not as it must be
   */
  @Override
  public <I, O> Translator<I, O> newInstance(
      Class<I> input, Class<O> output, Model model, Map<String, ?> arguments)
      throws TranslateException {
    if (!isSupported(input, output)) {
      throw new TranslateException(
          "types must be String to String or Input to Output: %s, %s".formatted(input, output));
    }
    try {
      SamplingOptions options = options(arguments);
      boolean isSeeded = arguments.containsKey("seed");
      return new TextTranslator<>(
          each -> each instanceof Input request ? request.getData().getAsString() : (String) each,
          sample -> output.cast(output == Output.class ? response(sample) : sample.text()),
          () -> isSeeded ? options : options.randomSeed());
    } catch (IllegalArgumentException e) {
      throw new TranslateException(e.getMessage(), e);
    }
  }

  private static Output response(Sample sample) {
    Output response = new Output();
    response.addProperty("seed", Long.toString(sample.seed()));
    response.add(sample.text());
    return response;
  }

  private static SamplingOptions options(Map<String, ?> arguments) {
    // The method before its steps, and then in an order that does not depend on the map.
    SamplingOptions options = SamplingOptions.defaults();
    for (String name : NAMES) {
      if (arguments.containsKey(name)) {
        options = with(options, name, String.valueOf(arguments.get(name)));
      }
    }
    return options;
  }

  private static SamplingOptions with(SamplingOptions options, String name, String value) {
    return switch (name) {
      case "sampler" -> options.sampler(value);
      case "steps" -> options.steps(Integer.parseInt(value));
      case "temperature" -> options.temperature(Decimals.parse(value));
      case "topK" -> options.topK(Integer.parseInt(value));
      case "topP" -> options.topP(Decimals.parse(value));
      case "seed" -> options.seed(Long.parseLong(value));
      default -> options.batchSize(Integer.parseInt(value));
    };
  }
}
