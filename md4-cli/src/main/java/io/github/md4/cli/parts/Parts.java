// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import ai.djl.Device;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.core.Division;
import io.github.md4.core.token.Sha256;
import io.github.md4.train.parallel.Job;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/**
 * The options for a command whose work is divided, and the processes of a job among which it is
 * divided without them.
 */
public final class Parts {
  static final String MERGED = "--merged-from";
  private static final Set<String> OWN = Set.of("--part", "--part-out", MERGED);

  @Option(
      names = "--part",
      paramLabel = "I/N",
      converter = PartNumberType.class,
      description =
          "Compute part I of N only, and write it to --part-out. md4 merge puts all parts"
              + " together.")
  private PartNumber part;

  @Option(names = "--part-out", paramLabel = "FILE", description = "The file of the part.")
  private Path file;

  @Option(names = MERGED, hidden = true, description = "All parts, by md4 merge.")
  private List<Path> merged = List.of();

  /** The type of --part. */
  private static final class PartNumberType implements ITypeConverter<PartNumber> {
    @Override
    public PartNumber convert(String text) throws Exception {
      return OptionTypes.parsed(PartNumber::parse).convert(text);
    }
  }

  /** The work of a command. */
  @FunctionalInterface
  public interface Work {
    /**
     * Computes what the division asks for.
     *
     * @param out prints what all parts together print
     * @return the report, which is made where all results are known
     */
    Report compute(Division division, PrintWriter out) throws IOException;
  }

  /** The report on all results. */
  @FunctionalInterface
  public interface Report {
    /** Returns the exit code. */
    int make() throws IOException;
  }

  /** The content of models and data, as a text that differs where it does. */
  @FunctionalInterface
  public interface Inputs {
    String text() throws IOException;
  }

  /**
   * Checks the options against each other.
   *
   * @param excluded options of the command that do not go with a part, where they are given
   */
  public void check(CommandSpec spec, String... excluded) {
    Usage.require(
        spec, (part == null) == (file == null), "--part and --part-out must be given together");
    boolean isDivided = part != null || !merged.isEmpty() || Job.of(System.getenv()).size() > 1;
    for (String option : excluded) {
      Usage.require(
          spec,
          !isDivided || !spec.commandLine().getParseResult().hasMatchedOption(option),
          "%s needs one process that does all the work".formatted(option));
    }
  }

  /** Returns whether a part is computed, or all of them are put together. */
  public boolean isDivided() {
    return part != null || !merged.isEmpty();
  }

  /**
   * Returns the files beside the parts' own for what is too large for these: that of the part which
   * is computed, or those of all parts, in their order, where they are put together.
   *
   * @param ending of their names
   * @throws io.github.md4.core.InvalidDataException if a part is missing, doubled or of another
   *     command
   */
  public List<Path> beside(String ending) throws IOException {
    List<Path> files = part == null ? MergedParts.filesInOrder(merged) : List.of(file);
    return files.stream().map(each -> each.resolveSibling(each.getFileName() + ending)).toList();
  }

  /** Returns whether this process writes what all parts together give. */
  public boolean isWriter() {
    return part == null && Job.of(System.getenv()).rank() == 0;
  }

  /** Computes, and reports where all results are known; returns the exit code. */
  public int run(CommandSpec spec, Device device, Inputs inputs, Work work) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    List<String> words = words(spec);
    if (part != null) {
      PartRecorder recorder = new PartRecorder(part);
      Report unused = work.compute(recorder, new PrintWriter(Writer.nullWriter()));
      PartFile.About about = new PartFile.About(part, words, inputs.text(), Processes.version());
      recorder.file(about).write(file);
      out.println("part %s, %s".formatted(part, file));
      return ExitCodes.DONE;
    }
    if (!merged.isEmpty()) {
      return work.compute(MergedParts.read(merged, inputs.text()), out).make();
    }
    Processes processes = Processes.ofEnvironment(out, spec.commandLine().getErr());
    return processes.divided(
        device,
        String.join("\n", words),
        processes.isAlone() ? "" : Sha256.of(inputs.text().getBytes(StandardCharsets.UTF_8)),
        communicator -> {
          Report report = work.compute(communicator.division(), processes.firstOut());
          return communicator.share().rank() == 0 ? report.make() : ExitCodes.DONE;
        });
  }

  /** Returns the words of the command line without those of a part. */
  private static List<String> words(CommandSpec spec) {
    List<String> words = new ArrayList<>();
    List<String> all = spec.root().commandLine().getParseResult().originalArgs();
    for (int i = 0; i < all.size(); i++) {
      String word = all.get(i);
      if (OWN.contains(word)) {
        i++;
      } else if (OWN.stream().noneMatch(own -> word.startsWith(own + "="))) {
        words.add(word);
      }
    }
    return words;
  }
}
