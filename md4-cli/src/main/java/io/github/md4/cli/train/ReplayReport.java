// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.screen.Progress;
import io.github.md4.train.Replay;
import io.github.md4.train.TrainingRun;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * The output of {@code md4 train --replay}: a step's batch, its loss, and its gradient by groups of
 * parameters.
 */
final class ReplayReport {
  private ReplayReport() {}

  static int print(TrainingRun run, long step, PrintWriter out) {
    long start = run.updates();
    Replay replay;
    try (Progress progress = Progress.start("replaying", start, step - 1)) {
      replay = run.replay(step, updates -> progress.at(updates, ""));
    }
    Table table = new Table();
    table.row("step", "%d, from step %d on", step, start);
    table.row("batch", "%s", replay.examples());
    table.row("loss", "%.4f bits per token", replay.bitsPerToken());
    table.row("gradient norm", "%s", number(replay.gradientNorm()));
    replay.gradientNorms().forEach((group, norm) -> table.row("  " + group, "%s", number(norm)));
    table.print(out);
    return ExitCodes.DONE;
  }

  private static String number(double norm) {
    return String.format(Locale.ROOT, "%.4g", norm);
  }
}
