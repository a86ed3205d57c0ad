// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.law.TokenLaw;
import java.util.ArrayList;
import java.util.List;

/**
 * The law of a token's draw, as options give it.
 *
 * @param topK null where --top-k is absent
 * @param topP null where --top-p is absent
 */
record SamplerLaw(double temperature, TokenLaw.TopK topK, TokenLaw.TopP topP) {

  TokenLaw law() {
    List<TokenLaw.Truncation> truncations = new ArrayList<>();
    if (topK != null) {
      truncations.add(topK);
    }
    if (topP != null) {
      truncations.add(topP);
    }
    return new TokenLaw(temperature, truncations);
  }

  /** Returns the law in words; empty where it is the model's own. */
  String text() {
    List<String> parts = new ArrayList<>();
    if (temperature != 1) {
      parts.add("temperature " + temperature);
    }
    if (topK != null) {
      parts.add("top-k " + topK.k());
    }
    if (topP != null) {
      parts.add("top-p " + topP.p());
    }
    return String.join(", ", parts);
  }
}
