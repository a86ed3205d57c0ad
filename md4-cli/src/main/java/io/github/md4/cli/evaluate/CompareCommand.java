// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.Units;
import io.github.md4.core.likelihood.UnitLosses;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 compare}. */
@Command(
    name = "compare",
    description =
        "Compares the losses that md4 evaluate --losses has written, chunk by chunk"
            + " under the same masks. Several files on each side are pairs in their order,"
            + " such as runs with the same seed.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 compare --first a1.csv,a2.csv --second b1.csv,b2.csv"})
public final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--first",
      required = true,
      split = ",",
      paramLabel = "FILE.csv",
      description = "The losses of one kind of model; several files with commas.")
  private List<Path> first;

  @Option(
      names = "--second",
      required = true,
      split = ",",
      paramLabel = "FILE.csv",
      description = "The losses of the other kind; as many files.")
  private List<Path> second;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  /** The bounds of two files and their difference. */
  private record Pair(Path first, Path second, double[] bits, UnitLosses.Difference difference) {
    static Pair of(Path first, Path second) throws IOException {
      LossFile a = LossFile.read(first);
      LossFile b = LossFile.read(second);
      a.checkSame(b, second);
      double[] bits = {
        Units.bitsPerToken(a.losses().natsPerToken()), Units.bitsPerToken(b.losses().natsPerToken())
      };
      return new Pair(first, second, bits, a.losses().minus(b.losses()));
    }

    private double bitsOfDifference() {
      return Units.bitsPerToken(difference.nats());
    }

    private String text() {
      return String.format(Locale.ROOT, "%.4f less %.4f: ", bits[0], bits[1])
          + EvaluationFields.text(
              bitsOfDifference(), Units.bitsPerToken(difference.standardError()), "bits per token")
          + " "
          + EvaluationFields.text(difference.interval().map(Units::bitsPerToken))
          + EvaluationFields.fewDegrees(difference.degreesOfFreedom());
    }

    private ObjectNode json() {
      ObjectNode json =
          Json.object().put("first", first.toString()).put("second", second.toString());
      json.set("firstBitsPerToken", Json.number(bits[0]));
      json.set("secondBitsPerToken", Json.number(bits[1]));
      json.set("bitsPerToken", Json.number(bitsOfDifference()));
      Json.set(
          json,
          "standardError",
          Units.bitsPerToken(difference.standardError()),
          EvaluationFields.UNKNOWN);
      json.put("degreesOfFreedom", difference.degreesOfFreedom());
      json.set("interval", EvaluationFields.json(difference.interval().map(Units::bitsPerToken)));
      return json;
    }
  }

  @Override
  public Integer call() throws IOException {
    if (first.size() != second.size()) {
      throw Usage.error(
          spec,
          "--first and --second must have the same number of files: %d, %d"
              .formatted(first.size(), second.size()));
    }
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      pairs.add(Pair.of(first.get(i), second.get(i)));
    }
    MeanOfPairs mean = MeanOfPairs.of(pairs.stream().mapToDouble(Pair::bitsOfDifference).toArray());
    print(pairs, mean, spec.commandLine().getOut());
    return ExitCodes.DONE;
  }

  private void print(List<Pair> pairs, MeanOfPairs mean, PrintWriter out) {
    if (json) {
      ObjectNode object = Json.report();
      ArrayNode all = object.putArray("pairs");
      pairs.forEach(pair -> all.add(pair.json()));
      mean.addTo(object);
      out.println(object);
      return;
    }
    Table table = new Table();
    pairs.forEach(pair -> table.row(pair.first + " less " + pair.second, "%s", pair.text()));
    mean.addTo(table);
    table.print(out);
  }
}
