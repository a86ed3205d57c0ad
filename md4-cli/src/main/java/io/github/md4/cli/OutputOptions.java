// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.cli.failure.Usage;
import io.github.md4.core.model.SavedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The check of the files that a command is to write: none replaces a file that the command reads,
 * another of its outputs, or a file of a model or a run, and none is a folder or below a file.
 */
final class OutputOptions {
  /** The options that name a file to be written. All others with a path name what is read. */
  static final Set<String> NAMES =
      Set.of(
          "--html",
          "--plot",
          "--csv",
          "--losses",
          "--report",
          "--trace",
          "--png",
          "--animate",
          "--out",
          "--part-out",
          "--to");

  /** The forms of outputs that are folders. */
  private static final Set<String> FOLDERS = Set.of("DIR", "FOLDER", "MODEL");

  /** The files of a run's own folder that are no file of a model. */
  private static final Set<String> OF_RUNS = Set.of("config.yaml", "metrics.jsonl", ".lock");

  private OutputOptions() {}

  /** The endings of names that say a format. */
  private static final Set<String> FORMATS =
      Set.of(
          "apng",
          "avif",
          "bin",
          "bmp",
          "csv",
          "gif",
          "gz",
          "html",
          "jpeg",
          "jpg",
          "json",
          "jsonl",
          "mp4",
          "ndjson",
          "pdf",
          "png",
          "safetensors",
          "svg",
          "tif",
          "tiff",
          "txt",
          "webp",
          "xz",
          "yaml",
          "yml",
          "zip",
          "zst");

  /** The endings that say the same as another. */
  private static final Map<String, Set<String>> SAME =
      Map.of(
          "png", Set.of("png", "apng"),
          "ndjson", Set.of("ndjson", "jsonl", "json", "txt"),
          "json", Set.of("json", "jsonl", "ndjson", "txt"),
          "csv", Set.of("csv", "txt"));

  /**
   * A path of the command line, and what it was given as.
   *
   * @param form the form of its name in the help, such as FILE.png
   */
  private record Named(String option, String form, Path path) {
    private boolean isOutput() {
      return NAMES.contains(option);
    }

    private boolean isOutputFile() {
      return isOutput() && !FOLDERS.contains(form);
    }

    /** Returns the path and those that lie beside a file of tokens. */
    private Stream<Path> withCompanions() {
      String text = path.toString();
      if (!text.endsWith(".bin")) {
        return Stream.of(path);
      }
      String stem = text.substring(0, text.length() - ".bin".length());
      return Stream.of(".bin", ".json", ".labels.bin", ".labels.json")
          .map(end -> Path.of(stem + end));
    }
  }

  /**
   * Checks the command that will run.
   *
   * @throws ParameterException if a file that it is to write is one that must stay, or its name is
   *     that of no file
   * @throws ExecutionException if there is no permission to write it, or its file system is
   *     read-only
   */
  static void check(ParseResult parsed) {
    ParseResult leaf = parsed;
    while (leaf.hasSubcommand()) {
      leaf = leaf.subcommand();
    }
    List<Named> all = paths(leaf);
    for (int i = 0; i < all.size(); i++) {
      Named output = all.get(i);
      if (output.isOutput() && Files.isRegularFile(output.path)) {
        checkModel(leaf, output);
      }
      for (int j = 0; j < all.size() && output.isOutput(); j++) {
        Named other = all.get(j);
        if (i != j && other.withCompanions().anyMatch(path -> isSame(path, output.path))) {
          throw refusal(
              leaf,
              output,
              other.isOutput() ? other.option + " writes it too" : other.option + " reads it");
        }
      }
      if (output.isOutput()) {
        checkName(leaf, output);
      }
      if (output.isOutputFile()) {
        checkPlace(leaf, output);
      }
    }
  }

  /** Refuses a place where no file can be, which else would be known after the work alone. */
  private static void checkPlace(ParseResult leaf, Named output) {
    if (Files.isDirectory(output.path)) {
      throw Usage.error(
          leaf.commandSpec(),
          "%s writes a file, but %s is a folder; name a file in it"
              .formatted(output.option, output.path));
    }
    Path above = output.path.toAbsolutePath().getParent();
    while (above != null && !Files.exists(above)) {
      above = above.getParent();
    }
    if (above != null && !Files.isDirectory(above)) {
      throw Usage.error(
          leaf.commandSpec(),
          "%s cannot write %s: %s is a file, and no folder"
              .formatted(output.option, output.path, above));
    }
    if (above != null && !Files.exists(output.path) && !Files.isWritable(above)) {
      IOException denied = denied(output.path, above);
      throw new ExecutionException(leaf.commandSpec().commandLine(), denied.getMessage(), denied);
    }
  }

  /** Returns the failure that writing a file would be. */
  private static IOException denied(Path file, Path folder) {
    try {
      return Files.getFileStore(folder).isReadOnly()
          ? new FileSystemException(file.toString(), null, "Read-only file system")
          : new AccessDeniedException(file.toString());
    } catch (IOException e) {
      return e;
    }
  }

  /** Refuses a name that ends as that of another format does. */
  private static void checkName(ParseResult leaf, Named output) {
    String written = ending(output.form);
    String named = ending(output.path.toString());
    Set<String> same = SAME.getOrDefault(written, Set.of(written));
    boolean isOther = FORMATS.contains(written) && FORMATS.contains(named) && !same.contains(named);
    if (isOther) {
      throw Usage.error(
          leaf.commandSpec(),
          "%s writes %s, but %s ends in .%s; name it %s"
              .formatted(
                  output.option,
                  written.toUpperCase(Locale.ROOT),
                  output.path,
                  named,
                  output.path.toString().replaceFirst("[^.]*$", written)));
    }
  }

  /** Returns what follows the last dot of a file's name, in small letters; empty without one. */
  private static String ending(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
  }

  private static void checkModel(ParseResult leaf, Named output) {
    Path folder = output.path.toAbsolutePath().getParent();
    if (SavedModel.isIn(folder)) {
      throw refusal(leaf, output, "it is in the folder of a model");
    }
    if (Files.isDirectory(folder.resolve("checkpoints"))
        && OF_RUNS.contains(output.path.getFileName().toString())) {
      throw refusal(leaf, output, "it is a file of a run");
    }
  }

  private static ParameterException refusal(ParseResult leaf, Named output, String why) {
    return new ParameterException(
        leaf.commandSpec().commandLine(),
        "%s must not replace %s: %s; name another file".formatted(output.option, output.path, why));
  }

  private static List<Named> paths(ParseResult leaf) {
    List<Named> paths = new ArrayList<>();
    for (OptionSpec option : leaf.matchedOptions()) {
      if (isPath(option)) {
        option
            .originalStringValues()
            .forEach(
                text ->
                    paths.add(new Named(option.longestName(), option.paramLabel(), Path.of(text))));
      }
    }
    for (PositionalParamSpec parameter : leaf.matchedPositionals()) {
      if (isPath(parameter)) {
        parameter
            .originalStringValues()
            .forEach(
                text ->
                    paths.add(
                        new Named(parameter.paramLabel(), parameter.paramLabel(), Path.of(text))));
      }
    }
    return paths;
  }

  /** Returns whether an argument is a path or a list of paths. */
  static boolean isPath(ArgSpec argument) {
    return Stream.concat(
            Stream.of(argument.type()), Stream.of(argument.typeInfo().getAuxiliaryTypes()))
        .anyMatch(Path.class::equals);
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize())
          || (Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
