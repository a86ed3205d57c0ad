// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.Sample;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A translator of inputs to templates and of samples to outputs. {@link Md4Predictor} calls it;
 * there are no arrays to process.
 *
 * @param sampling the options of each call: without a seed, other noise for each
 */
record TextTranslator<I, O>(
    Function<I, String> templates, Function<Sample, O> outputs, Supplier<SamplingOptions> sampling)
    implements NoBatchifyTranslator<I, O> {

  String template(I input) {
    return templates.apply(input);
  }

  O output(Sample sample) {
    return outputs.apply(sample);
  }

  SamplingOptions options() {
    return sampling.get();
  }

  @Override
  public NDList processInput(TranslatorContext context, I input) {
    throw new UnsupportedOperationException("only a predictor of this engine calls it");
  }

  @Override
  public O processOutput(TranslatorContext context, NDList list) {
    throw new UnsupportedOperationException("only a predictor of this engine calls it");
  }
}
