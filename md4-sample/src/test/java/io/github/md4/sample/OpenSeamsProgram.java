// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A program for a Java of its own, which samples from a folder by options in a file. */
final class OpenSeamsProgram {
  private OpenSeamsProgram() {}

  /** Prints the texts, each on a line. */
  public static void main(String[] args) throws IOException {
    SamplingOptions options =
        new ObjectMapper().readValue(Files.readString(Path.of(args[1])), SamplingOptions.class);
    try (MaskedDiffusion model = MaskedDiffusion.load(Path.of(args[0]))) {
      for (Sample sample : model.generate(options)) {
        System.out.println(sample.text());
      }
    }
  }

  /** Returns what another Java with this one's classes prints. */
  static List<String> run(Path folder, Path options) throws IOException, InterruptedException {
    Path out = folder.resolve("out.txt");
    ProcessBuilder java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                OpenSeamsProgram.class.getName(),
                folder.toString(),
                options.toString())
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("err.txt").toFile());
    java.environment().put("OPT_OUT_TRACKING", "true");
    assertThat(java.start().waitFor()).as(() -> text(folder.resolve("err.txt"))).isZero();
    return Files.readAllLines(out);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
