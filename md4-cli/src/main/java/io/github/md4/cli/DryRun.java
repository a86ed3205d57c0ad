// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.network.Parameters;
import io.github.md4.train.TrainingRun;
import java.io.PrintWriter;
import java.util.Locale;

/** What {@code md4 train --dry-run} prints: every parameter, and the loss of one step. */
final class DryRun {

  private DryRun() {}

  static int print(TrainingRun run, TrainingRun.Plan plan, PrintWriter out) {
    Parameters parameters = run.learner().parameters();
    parameters
        .byName()
        .forEach(
            (name, array) ->
                out.printf(Locale.ROOT, "%-40s %-16s %,d%n", name, array.getShape(), array.size()));
    out.printf(Locale.ROOT, "%,d parameters%n", parameters.size());
    long start = System.nanoTime();
    double bits = run.tryStep();
    double seconds = (System.nanoTime() - start) * 1e-9;
    out.printf(
        Locale.ROOT,
        "one step of %d x %d tokens: %.4f bits per token, %.2f s%n",
        plan.training().batchSize(),
        plan.model().config().length(),
        bits,
        seconds);
    return ExitCodes.DONE;
  }
}
