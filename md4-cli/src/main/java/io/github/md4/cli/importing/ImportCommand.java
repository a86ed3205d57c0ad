// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.importing;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.report.Json;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.NearestName;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.PublishedCheck;
import io.github.md4.core.published.PublishedCopy;
import io.github.md4.core.published.PublishedFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 import}. */
@Command(
    name = "import",
    description = {
      "Makes a model of a folder of safetensors as masked diffusion models are published: MDLM,"
          + " SEDD, RADD, BD3-LM, LLaDA, Dream, and models converted from Qwen (A2D).",
      "The other commands take such a folder itself, too."
    },
    sortOptions = false,
    footer = {"%nExamples:", "  md4 import --from mdlm-owt --to models/mdlm"})
public final class ImportCommand implements Callable<Integer> {
  private static final double TOLERANCE = 1e-4;
  private static final String PUBLIC = "";

  @Spec private CommandSpec spec;

  @Option(
      names = "--from",
      required = true,
      paramLabel = "FOLDER",
      description = "The folder with config.json, safetensors and the tokenizer's files.")
  private Path from;

  @Option(
      names = "--to",
      paramLabel = "MODEL",
      description = "The folder to be made. Without it nothing is written.")
  private Path to;

  @Option(
      names = "--family",
      paramLabel = "mdlm|bd3lm|sedd|radd|llada|dream|a2d|gpt2",
      description = "The family, where config.json does not tell it.")
  private String family;

  @Option(
      names = "--check",
      arity = "0..1",
      fallbackValue = PUBLIC,
      paramLabel = "FILE.json",
      description =
          "Compare logits with numbers of other code: the public ones of the family's release, or"
              + " those of a file (docs/models.md).")
  private String check;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  /**
   * The comparison with numbers of other code.
   *
   * @param largest the largest distance of a logit, in 1 + its size
   */
  private record Compared(int cases, double largest) {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (PublishedFolder published = PublishedFolder.open(from, named())) {
      Optional<List<PublishedCheck>> cases =
          check == null ? Optional.empty() : Optional.of(cases(published));
      if (!json) {
        report(published, out);
      }
      if (to != null) {
        PublishedCopy.write(published, to);
        if (!json) {
          out.println("written to " + to);
        }
      }
      Optional<Compared> compared =
          cases.isPresent() ? Optional.of(compare(cases.get())) : Optional.empty();
      if (json) {
        out.println(json(published, compared));
      } else {
        compared.ifPresent(
            of ->
                out.printf(
                    "checked     %s, largest distance %.1e of 1 + the logit, float32%n",
                    Counted.of(of.cases, "case"), of.largest));
      }
    }
    return ExitCodes.DONE;
  }

  private ObjectNode json(PublishedFolder published, Optional<Compared> compared) {
    ModelConfig config = published.description().config();
    ObjectNode report =
        Json.report().put("family", published.family()).put("network", config.network().summary());
    report.put("parameters", parameters(published));
    published.types().forEach(report.putObject("parametersByType")::put);
    report.put("vocabularySize", published.description().tokenizer().vocabularySize());
    report.put("length", config.length());
    if (to != null) {
      report.put("model", to.toString());
    }
    compared.ifPresent(
        of -> report.putObject("check").put("cases", of.cases).put("largestDistance", of.largest));
    return report;
  }

  private static long parameters(PublishedFolder published) {
    return published.types().values().stream().mapToLong(Long::longValue).sum();
  }

  private Optional<String> named() {
    if (family != null && !PublishedFolder.families().contains(family)) {
      throw new InvalidConfigException(
          "--family",
          "must be one of %s: %s%s"
              .formatted(
                  String.join(", ", PublishedFolder.families()),
                  family,
                  NearestName.hint(PublishedFolder.families(), family)));
    }
    return Optional.ofNullable(family);
  }

  private static void report(PublishedFolder published, PrintWriter out) {
    ModelConfig config = published.description().config();
    out.printf("family      %s%n", published.family());
    out.printf("network     %s%n", config.network().summary());
    out.printf(
        "parameters  %,d, as %s%n",
        parameters(published), String.join(", ", published.types().keySet()));
    out.printf("vocabulary  %s%n", published.description().tokenizer().summary());
    out.printf("length      %s%n", Counted.of(config.length(), "token"));
    if (published.lacksTokenizer()) {
      out.println(
          "tokenizer   none is there: texts are the numbers of tokens; put tokenizer.json beside"
              + " config.json");
    }
    out.println("all tensors are there, none is unknown, and all shapes are those of config.json");
  }

  private Compared compare(List<PublishedCheck> cases) throws IOException {
    Path folder = to == null ? from : to;
    double largest = 0;
    try (NDManager manager = NDManager.newBaseManager();
        SavedModel model = SavedModel.load(folder, Weights.EMA, manager, Precision.FLOAT32)) {
      for (PublishedCheck each : cases) {
        largest = Math.max(largest, distance(manager, model, each));
      }
    }
    if (!(largest <= TOLERANCE)) {
      throw new InvalidDataException(
          from,
          "logits are off by %.2g of 1 + their size in %s, more than %.0e: these are not the"
                  .formatted(largest, Counted.of(cases.size(), "case"), TOLERANCE)
              + " weights that the numbers were made with");
    }
    return new Compared(cases.size(), largest);
  }

  private double distance(NDManager manager, SavedModel model, PublishedCheck given)
      throws IOException {
    try {
      return given.distance(manager, model).largest();
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(Path.of(check), e.getMessage(), e);
    }
  }

  private List<PublishedCheck> cases(PublishedFolder published) throws IOException {
    if (!check.equals(PUBLIC)) {
      return PublishedCheck.read(Path.of(check));
    }
    int size = published.description().tokenizer().vocabularySize();
    List<PublishedCheck> known = PublishedCheck.known(published.family(), size);
    if (known.isEmpty()) {
      throw new InvalidConfigException(
          "--check",
          "no public numbers are known of this model; give a file of your own, --check FILE.json");
    }
    return known;
  }
}
