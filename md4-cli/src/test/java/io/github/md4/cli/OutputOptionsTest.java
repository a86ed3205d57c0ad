// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

final class OutputOptionsTest {
  /** The options that name what is read, or a folder with a rule of its own. */
  static final Set<String> READ =
      Set.of(
          "--cache",
          "--compare",
          "--config",
          "--data",
          "--data-dir",
          "--distribution",
          "--features",
          "--file",
          "--first",
          "--from",
          "--like",
          "--infill",
          "--judge",
          "--labels",
          "--mask",
          "--merged-from",
          "--model",
          "--reconstruct",
          "--reference",
          "--samples",
          "--scorer",
          "--second",
          "--template",
          "--templates",
          "--test",
          "--test-labels",
          "--token-file",
          "--train",
          "--valid",
          "--watch");

  @TempDir private Path folder;
  private Path model;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    Path text = Files.writeString(folder.resolve("text.txt"), "abc def ".repeat(1000));
    Path out = folder.resolve("data");
    Path vocabulary = model.resolve("tokenizer.json");
    assertThat(vocabulary).isRegularFile();
    Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", out).check();
    data = out.resolve("valid.bin");
  }

  private void refused(Path output, String why, Object... words) throws IOException {
    byte[] before = Files.readAllBytes(output);
    Ran.md4(words).failed(ExitCodes.USAGE, "must not replace " + output + ": " + why);
    assertThat(Files.readAllBytes(output)).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "schedule --plot a.jpg, --plot writes PNG",
    "schedule --plot a.JPEG, name it a.png",
    "trace t.ndjson --html a.pdf, --html writes HTML",
    "sample-images run --png a.gif, --png writes PNG",
    "sample-images run --animate a.webp, --animate writes PNG",
    "sample-images run --out a.npz.zip, --out writes BIN",
    "evaluate run d.bin --losses a.json, --losses writes CSV",
  })
  void nameOfAnotherFormat_isRefused(String args, String expected) {
    Ran.md4(Ran.words(args)).failed(ExitCodes.USAGE, expected);
  }

  @Test
  void nameThatSaysNothingElse_isTaken() {
    for (String name : new String[] {"plain", "a.PNG", "a.v2"}) {
      Path plot = folder.resolve(name);
      assertThat(Ran.md4("schedule", "--plot", plot).code()).isZero();
      assertThat(plot).isRegularFile();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schedule --plot",
        "evaluate RUN DATA --losses",
        "evaluate RUN DATA --csv",
        "sample RUN --report",
        "sample RUN --trace",
        "sample RUN --part 1/2 --part-out",
        "sample-images RUN --png",
        "sample-images RUN --animate",
        "sample-images RUN --out",
        "plot RUN --out",
        "config init DATA --out",
      })
  void folderOrPlaceBelowAFile_isRefusedBeforeTheWork(String args) throws IOException {
    Object[] words = Ran.words(args.replace("RUN", "none").replace("DATA", "none.bin"));
    String option = words[words.length - 1].toString();
    Object[] inFolder = Stream.concat(Stream.of(words), Stream.of(folder)).toArray();
    Ran.md4(inFolder)
        .failed(ExitCodes.USAGE, option + " writes a file, but " + folder + " is a folder");
    Path file = Files.writeString(folder.resolve("file"), "");
    Path below = file.resolve("deeper/x");
    Object[] belowFile = Stream.concat(Stream.of(words), Stream.of(below)).toArray();
    Ran.md4(belowFile).failed(ExitCodes.USAGE, file + " is a file, and no folder");
  }

  /** As root every folder may be written but those of the system. */
  private static Path unwritable(Path folder) throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    Optional<Path> found =
        Stream.of(locked, Path.of("/proc/sys"))
            .filter(each -> Files.isDirectory(each) && !Files.isWritable(each))
            .findFirst();
    assumeTrue(found.isPresent(), "this process may write everywhere");
    return found.get();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schedule --plot",
        "evaluate RUN DATA --losses",
        "evaluate RUN DATA --csv",
        "sample RUN --report",
        "sample RUN --trace",
        "sample-images RUN --png",
        "trace DATA --html",
        "plot RUN --out",
        "config init DATA --out",
      })
  void placeWithoutPermission_isAFailureAndNoWrongUse(String args) throws IOException {
    Path output = unwritable(folder).resolve("deeper/x");
    Object[] words = Ran.words(args.replace("RUN", "none").replace("DATA", "none.bin"), output);
    Ran.md4(words).failed(ExitCodes.FAILURE, "md4: " + output + ": permission denied");
  }

  @Test
  void missingFolders_areMade() throws IOException {
    Path deep = folder.resolve("not/there");
    Ran.md4("schedule", "--plot", deep.resolve("a.png")).check();
    Path linked = Files.createSymbolicLink(folder.resolve("linked"), deep);
    Path report = linked.resolve("a.json");
    Path trace = folder.resolve("nor/here/a.ndjson");
    Object[] drawn =
        Ran.words("sample --device cpu --count 1 --steps 2 --model", model, "--report", report);
    Ran.md4(Stream.concat(Stream.of(drawn), Stream.of("--trace", trace)).toArray()).check();
    assertThat(deep.resolve("a.png")).isRegularFile();
    assertThat(deep.resolve("a.json")).isRegularFile();
    assertThat(trace).isRegularFile();
  }

  @Test
  void everyOptionWithAPath_isReadOrWritten() {
    Set<String> unknown = new TreeSet<>();
    collect(new CommandLine(new Md4Command()), unknown);
    unknown.removeAll(READ);
    unknown.removeAll(OutputOptions.NAMES);
    assertThat(unknown).isEmpty();
  }

  private static void collect(CommandLine command, Set<String> names) {
    command.getCommandSpec().options().stream()
        .filter(OutputOptions::isPath)
        .map(OptionSpec::longestName)
        .forEach(names::add);
    command.getSubcommands().values().forEach(each -> collect(each, names));
  }

  @Test
  void outputs_neverReplaceWhatTheCommandReads() throws IOException {
    refused(data, "--data reads it", "evaluate", "--model", model, "--data", data, "--csv", data);
    Path json = data.resolveSibling("valid.json");
    refused(json, "--data reads it", "evaluate", "--model", model, "--data", data, "--csv", json);
    Path linked = Files.createSymbolicLink(folder.resolve("linked.csv"), data);
    refused(
        linked, "--data reads it", "evaluate", "--model", model, "--data", data, "--csv", linked);
    Path trace = folder.resolve("a.ndjson");
    Object[] drawn =
        Ran.words("sample --device cpu --count 1 --steps 2 --model", model, "--trace", trace);
    assertThat(Ran.md4(drawn).code()).isZero();
    refused(trace, "FILE.ndjson reads it", "trace", trace, "--html", trace);
    refused(trace, "FILE.ndjson reads it", "trace", trace, "--plot", trace);
  }

  @Test
  void outputs_neverReplaceEachOtherOrAModel() throws IOException {
    Path same = Files.writeString(folder.resolve("same"), "mine");
    Object[] twice = {
      "evaluate", "--model", model, "--data", data, "--csv", same, "--losses", same
    };
    refused(same, "--losses writes it too", twice);
    Path weights = model.resolve("model.safetensors");
    refused(
        weights,
        "it is in the folder of a model",
        Ran.words("sample --count 1 --model", model, "--report", weights));
    Path run = Files.createDirectories(folder.resolve("run/checkpoints")).getParent();
    Path config = Files.writeString(run.resolve("config.yaml"), "version: 1\n");
    refused(
        config,
        "it is a file of a run",
        Ran.words("sample --count 1 --model", model, "--trace", config));
  }

  @Test
  void outputs_areWrittenThroughLinksAndReplaceWhatWasThere() throws IOException {
    Path target = Files.writeString(folder.resolve("report.json"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.json"), target);
    Ran ran =
        Ran.md4(
            Ran.words("sample --device cpu --count 1 --steps 2 --model", model, "--report", link));
    assertThat(ran.code()).isZero();
    assertThat(link).isSymbolicLink();
    assertThat(Files.readString(target)).startsWith("{").endsWith("}\n");
    try (var files = Files.list(folder)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.startsWith(".tmp-"));
    }
  }
}
