// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Locale;

/**
 * A network with frozen weights that is measured, and what it is made for.
 *
 * @param residual the type of the residual stream that is asked for
 */
record FrozenWorkload(
    ModelConfig model, int vocabularySize, Precision precision, Precision residual) {

  TokenSpace space() {
    return new TokenSpace(vocabularySize);
  }

  Schedule schedule() {
    return model.schedule().starting(vocabularySize, model.epsilon());
  }

  Generation generation() {
    return model.objective().generation();
  }

  /** Returns the objective whose bound {@code md4 evaluate} estimates by default. */
  Objective likelihood() {
    return model
        .objective(space(), schedule(), new TimeAxis.Continuous(), TimeFloor.REFERENCE)
        .likelihood();
  }

  /**
   * Returns the class of every sequence.
   *
   * @param none what stands for no class, where the network takes none
   */
  int label(int none) {
    return model.network().classes() == 0 ? none : 0;
  }

  /** Returns an arbitrary token of a sequence. */
  int token(long index, int position) {
    return (int) ((31 * index + position) * 7919L % vocabularySize);
  }

  /**
   * Returns it in words.
   *
   * @param actual the type of the residual stream as it is
   */
  String text(Precision actual) {
    return String.format(
        Locale.ROOT,
        "%s; %s out of %d, %s, residual stream %s",
        model.network().summary(),
        Counted.of(model.length(), "token"),
        vocabularySize,
        precision,
        actual);
  }

  /**
   * Returns it for scripts.
   *
   * @param actual the type of the residual stream as it is
   */
  ObjectNode json(Precision actual) {
    ObjectNode config =
        Json.object()
            .put("length", model.length())
            .put("vocabulary", vocabularySize)
            .put("schedule", model.schedule().toString())
            .put("precision", precision.toString())
            .put("residual", actual.toString());
    model.network().facts().forEach(config::putPOJO);
    return config;
  }
}
