// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.report.Table;
import io.github.md4.core.likelihood.Agreement;
import io.github.md4.core.likelihood.BoundEstimate;
import java.io.PrintWriter;
import java.util.List;

/** The checks of the estimates of one bound against each other, as text. */
public record Contradictions(List<Agreement.Check> checks) {

  static Contradictions of(List<BoundEstimate> bounds) {
    return new Contradictions(Agreement.of(bounds));
  }

  /** Adds a row for each check. */
  void addTo(Table table) {
    for (int i = 0; i < checks.size(); i++) {
      Agreement.Check check = checks.get(i);
      table.row("agreement " + (i + 1), "%s: %s", text(check.outcome()), check.text());
    }
  }

  static String text(Agreement.Outcome outcome) {
    return switch (outcome) {
      case HOLDS -> "holds";
      case FAILS -> "FAILS";
      case REMARK -> "remark";
      case UNKNOWN -> "unknown, since there is a single chunk; take more of them or more --passes";
    };
  }

  /** Reports failed checks on {@code err} and returns the exit code. */
  public int report(PrintWriter err) {
    for (Agreement.Check check : checks) {
      if (check.outcome() == Agreement.Outcome.FAILS) {
        err.println("md4: estimates of one bound contradict each other: " + check.text());
      }
    }
    boolean isAny = checks.stream().anyMatch(c -> c.outcome() == Agreement.Outcome.FAILS);
    return isAny ? ExitCodes.FAILURE : ExitCodes.DONE;
  }
}
