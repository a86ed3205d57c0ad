// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.model.LoadedModel;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.Set;

/** Says which options of an evaluation give nothing of their own for a model, each once. */
final class OptionsWithoutEffect {
  private final Set<String> told = new HashSet<>();
  private final PrintWriter err;

  /**
   * @param err is written to
   */
  OptionsWithoutEffect(PrintWriter err) {
    this.err = err;
  }

  /** Writes a line for each that was not told yet, since a watch scores many checkpoints. */
  void tell(EvaluationTask evaluation, LoadedModel model) {
    for (String option : evaluation.withoutEffect(model)) {
      String line =
          "md4: %s has no effect on the value of this model, whose objective is %s"
              .formatted(option, model.description().config().objective());
      if (told.add(line)) {
        err.println(line);
      }
    }
  }
}
