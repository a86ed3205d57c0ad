// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.option.OptionTypes;
import io.github.md4.sample.law.TokenLaw;
import picocli.CommandLine.Option;

/** The options of the law by which a token is drawn. */
final class LawOptions {
  @Option(
      names = "--temperature",
      paramLabel = "X",
      converter = OptionTypes.NotNegative.class,
      description =
          "The divisor of the logits; 0 takes the likeliest token. Default: 1, with those of"
              + " LLaDA, dllm and Dream 0.")
  private Double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw from the K likeliest tokens. Default: draw from all.")
  private TokenLaw.TopK topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Draw from the smallest set of likeliest tokens with a mass of at least P, after --top-k."
              + " Default: draw from all.")
  private TokenLaw.TopP topP;

  /**
   * Returns the law that is chosen.
   *
   * @param standard the temperature where none is chosen
   */
  SamplerLaw law(double standard) {
    return new SamplerLaw(temperature == null ? standard : temperature, topK, topP);
  }
}
