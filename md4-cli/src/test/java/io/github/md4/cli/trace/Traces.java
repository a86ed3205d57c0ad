// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trace.Trace;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Two small stories: one begins with a frozen token, one masks a token again. */
final class Traces {
  static final String MASK = Tokenizer.MASK_TEXT;

  private Traces() {}

  static Trace trace() {
    Trace.History first =
        new Trace.History(
            0,
            List.of(MASK, "b", MASK, MASK),
            List.of(
                new Trace.Event(2, 0.8, 2, "</script>", 0.5),
                new Trace.Event(5, 0.5, 0, "a", 0.25),
                new Trace.Event(5, 0.5, 3, "\n", 0.125)));
    Trace.History second =
        new Trace.History(
            3,
            List.of(MASK, MASK),
            List.of(
                new Trace.Event(1, 0.9, 0, "x", 0.5),
                new Trace.Event(2, 0.8, 0, MASK, Double.NaN),
                new Trace.Event(6, 0.4, 1, "y", 0.5),
                new Trace.Event(9, 0.1, 0, "z", 0.5)));
    return new Trace(
        new Trace.Header(Map.of("sampler", "remask-cap"), 10, "linear", 1e-4),
        List.of(first, second));
  }

  /** An image of three values, the last of which is given. */
  static Trace image(ImageShape shape, String first, String second, String given) {
    Trace.History history =
        new Trace.History(
            0,
            List.of(MASK, MASK, given),
            List.of(
                new Trace.Event(3, 0.7, 1, second, 0.5), new Trace.Event(6, 0.4, 0, first, 0.5)));
    return new Trace(
        new Trace.Header(Map.of(), 10, "linear", 1e-4, "", Optional.of(shape)), List.of(history));
  }
}
