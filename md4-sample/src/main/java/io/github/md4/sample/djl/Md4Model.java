// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.BaseModel;
import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.Translator;
import io.github.md4.core.Precision;
import io.github.md4.core.model.Weights;
import io.github.md4.sample.LoadingOptions;
import io.github.md4.sample.MaskedDiffusion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A {@link MaskedDiffusion} as a model of DJL. Its predictors are safe for several threads, as the
 * model is; closing it closes the model.
 */
final class Md4Model extends BaseModel {
  private MaskedDiffusion diffusion;

  Md4Model(String name, NDManager manager) {
    super(name);
    this.manager = manager;
  }

  /**
   * Loads a run, checkpoint or model folder.
   *
   * @param prefix has no effect
   * @param options {@code weights} is {@code ema} or {@code raw}, {@code precision} and {@code
   *     residual} are {@code float32} or {@code bfloat16}, as {@link LoadingOptions} has them; by
   *     default averaged weights in float32
   */
  @Override
  public void load(Path path, String prefix, Map<String, ?> options) throws IOException {
    setModelDir(path);
    Weights weights = Weights.parse(option(options, "weights", Weights.EMA));
    Precision precision = Precision.parse(option(options, "precision", Precision.FLOAT32));
    Precision residual = Precision.parse(option(options, "residual", Precision.FLOAT32));
    diffusion =
        MaskedDiffusion.load(
            path, new LoadingOptions(weights, precision, residual, manager.getDevice()));
    wasLoaded = true;
  }

  private static String option(Map<String, ?> options, String name, Object otherwise) {
    Object given = options == null ? null : options.get(name);
    return String.valueOf(given == null ? otherwise : given);
  }

  /** Returns a predictor; the translator is one of {@link Md4TranslatorFactory}. */
  @Override
  public <I, O> Predictor<I, O> newPredictor(Translator<I, O> translator, Device device) {
    if (translator instanceof TextTranslator<I, O> texts) {
      return new Md4Predictor<>(this, texts, device);
    }
    throw new IllegalArgumentException(
        "the engine %s needs a translator of Md4TranslatorFactory: %s"
            .formatted(Md4Engine.NAME, translator.getClass().getName()));
  }

  MaskedDiffusion diffusion() {
    return diffusion;
  }

  @Override
  public void close() {
    if (diffusion != null) {
      diffusion.close();
    }
    super.close();
  }
}
