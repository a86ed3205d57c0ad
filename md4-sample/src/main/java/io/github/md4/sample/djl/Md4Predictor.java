// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.translate.TranslateException;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.util.ArrayList;
import java.util.List;

/** A predictor that fills templates; those of one call share the calls of the network. */
final class Md4Predictor<I, O> extends Predictor<I, O> {
  private final MaskedDiffusion diffusion;
  private final TextTranslator<I, O> texts;

  Md4Predictor(Md4Model model, TextTranslator<I, O> texts, Device device) {
    super(model, texts, device, false);
    this.diffusion = model.diffusion();
    this.texts = texts;
  }

  /**
   * Returns the filled templates.
   *
   * @throws TranslateException if one is no template for this model
   */
  @Override
  public List<O> batchPredict(List<I> inputs) throws TranslateException {
    List<InitialSequence> sequences = new ArrayList<>();
    for (I input : inputs) {
      sequences.add(sequence(texts.template(input), sequences.size()));
    }
    List<Sample> samples = diffusion.generate(sequences, texts.options(), SamplingListener.none());
    return samples.stream().map(texts::output).toList();
  }

  private InitialSequence sequence(String template, int index) throws TranslateException {
    try {
      return diffusion.template(template, index);
    } catch (IllegalArgumentException e) {
      throw new TranslateException(e.getMessage(), e);
    }
  }
}
