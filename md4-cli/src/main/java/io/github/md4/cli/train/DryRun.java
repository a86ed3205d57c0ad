// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.TrainingRun;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;

/** The output of {@code md4 train --dry-run}: every parameter, and the loss of one step. */
final class DryRun {

  private DryRun() {}

  static int print(TrainingRun run, TrainingPlan plan, PrintWriter out) {
    Map<String, Parameters> sets = run.learner().model().sets(Weights.RAW);
    sets.forEach((prefix, parameters) -> print(prefix, parameters, out));
    long count = sets.values().stream().mapToLong(Parameters::size).sum();
    out.printf(Locale.ROOT, "%,d parameters%n", count);
    long start = System.nanoTime();
    double bits = run.tryStep();
    double seconds = (System.nanoTime() - start) * 1e-9;
    out.printf(
        Locale.ROOT,
        "one step of %d x %d tokens: %.4f bits per token, %.2f s%n",
        plan.training().batching().batchSize(),
        plan.model().config().length(),
        bits,
        seconds);
    return ExitCodes.DONE;
  }

  private static void print(String prefix, Parameters parameters, PrintWriter out) {
    parameters
        .byName()
        .forEach(
            (name, array) ->
                out.printf(
                    Locale.ROOT,
                    "%-40s %-16s %,d%n",
                    prefix + name,
                    array.getShape(),
                    array.size()));
  }
}
