// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.doctor;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.screen.Visible;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 doctor}. */
@Command(
    name = "doctor",
    description =
        "Looks at what md4 needs: the system, Java, DJL and its cache, libtorch, the GPU and"
            + " its compiled kernels, memory, disk and fonts. Each line that is not ok says what mends it. The exit code is 1 where"
            + " something is broken.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 doctor"})
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<Finding> findings = Examination.run();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(findings));
    } else {
      findings.forEach(each -> print(each, out));
    }
    return isBroken(findings) ? ExitCodes.FAILURE : ExitCodes.DONE;
  }

  private static boolean isBroken(List<Finding> findings) {
    return findings.stream().anyMatch(each -> each.state() == Finding.State.BROKEN);
  }

  private static ObjectNode json(List<Finding> findings) {
    ObjectNode json = Json.report().put("works", !isBroken(findings));
    ArrayNode all = json.putArray("findings");
    findings.forEach(each -> all.add(each.json()));
    return json;
  }

  private static void print(Finding finding, PrintWriter out) {
    out.printf(
        "%-6s  %-9s  %s%n", finding.state().word(), finding.part(), visible(finding.detail()));
    if (!finding.remedy().isEmpty()) {
      out.printf("%-6s  %-9s  -> %s%n", "", "", visible(finding.remedy()));
    }
    out.flush();
  }

  private static String visible(String text) {
    return Visible.of(text);
  }
}
