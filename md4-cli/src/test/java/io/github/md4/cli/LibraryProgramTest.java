// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.PageProgram;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of docs/library.md, as they stand there, and what takes the folder they leave. */
@Tag("slow")
final class LibraryProgramTest {
  private static final Path TINY = Path.of("..", "md4-sample", "src", "tiny", "resources");

  @TempDir private Path folder;

  private PageProgram program(String page, String name) throws IOException {
    return PageProgram.of(page, name, Files.createDirectories(folder.resolve("classes")));
  }

  @Test
  void training_trainsDrawsAndGoesOnAndIsLoaded() throws Exception {
    Path run = folder.resolve("run");
    PageProgram training = program("library.md", "TrainingProgram");
    checkTraining(training.run(run.toString()));
    checkTraining(training.shownOutput());
    assertThat(run.resolve("model/model.safetensors")).exists();
    try (MaskedDiffusion model = MaskedDiffusion.load(run)) {
      SamplingOptions options = SamplingOptions.defaults().samples(20).seed(1);
      long rotations =
          model.generate(options).stream()
              .filter(sample -> "abcdeabcdeabcde".contains(sample.text()))
              .count();
      assertThat(rotations).isGreaterThan(10); // of 5 in 78,125 texts
    }
    assertThat(training.run(run.toString())).isEmpty(); // again: nothing is left to do
    for (Path path : List.of(run, run.resolve("model"), run.resolve("checkpoints/step-400"))) {
      checkFirst(program("library.md", "FirstProgram").run(path.toString()));
    }
    checkFirst(program("library.md", "FirstProgram").shownOutput());
    PageProgram criteria = program("djl.md", "CriteriaProgram");
    for (List<String> texts : List.of(criteria.run(run.toString()), criteria.shownOutput())) {
      assertThat(texts).hasSize(2);
      assertThat(texts.get(0)).matches("[a-e]{7}");
      assertThat(texts.get(1)).matches("[a-e]bcd[a-e]{3}");
    }
  }

  private static void checkTraining(List<String> printed) {
    assertThat(printed).hasSize(3);
    assertThat(printed.get(0)).startsWith("StepMetrics[step=200, bitsPerToken=");
    assertThat(printed.get(1)).startsWith("StepMetrics[step=400, bitsPerToken=");
    assertThat(printed.get(2)).matches("400 \\[[a-e]{7}, [a-e]{7}]");
  }

  private static void checkFirst(List<String> printed) {
    assertThat(printed).hasSize(3).allMatch(line -> line.matches("\\d+ [a-e]{7}"));
    assertThat(printed.stream().map(line -> line.replaceFirst(" .*", "")).distinct()).hasSize(1);
  }

  @Test
  void tiny_samplesWhatThePageShows() throws Exception {
    PageProgram tiny = program("library.md", "TinyProgram").with(TINY);
    assertThat(tiny.run()).hasSize(3).isEqualTo(tiny.shownOutput());
  }

  /** The page's own output is of the quickstart's model, of whose kind the tiny one is. */
  @Test
  void tutorial_compilesAndSamples() throws Exception {
    assertThat(program("tutorial-java.md", "Train").shownOutput()).hasSize(1);
    PageProgram first = program("tutorial-java.md", "Try");
    checkTutorial(first.run(TINY.resolve("io/github/md4/tiny").toString()));
    checkTutorial(first.shownOutput());
  }

  private static void checkTutorial(List<String> printed) {
    assertThat(printed).hasSize(6);
    assertThat(printed.subList(0, 5)).allMatch(line -> line.split(" ").length == 12);
    assertThat(printed.get(4)).matches("at dawn the \\w+ \\w+ finds its \\w+ \\w+ near the \\w+");
    assertThat(printed.get(5)).matches("\\d\\.\\d+ \\+- 0\\.\\d+");
  }

  @Test
  void readme_hasTheTrainingsLines() throws IOException {
    String lines = program("library.md", "TrainingProgram").lines("TrainingData data", "} // ");
    assertThat(Files.readString(Path.of("..", "README.md"))).contains(lines);
    assertThat(lines.lines()).hasSizeLessThanOrEqualTo(10);
  }
}
