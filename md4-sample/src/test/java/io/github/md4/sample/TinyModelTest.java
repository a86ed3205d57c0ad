// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The model that is an artifact of its own, read as from its jar. */
final class TinyModelTest {
  private static final Path FILES = Path.of("src/tiny/resources");

  @Test
  void load_samplesSentencesOfTheQuickstart() throws IOException {
    try (URLClassLoader classes = new URLClassLoader(new URL[] {FILES.toUri().toURL()});
        MaskedDiffusion model = TinyModel.load(classes)) {
      List<Sample> samples = model.generate(SamplingOptions.defaults().samples(3).seed(7));
      assertThat(samples)
          .extracting(Sample::text)
          .containsExactly(
              "a lantern near the mill but the bear waits happily while a",
              "the bear hides a teapot under an an old river while the",
              "the sleepy robin carries the broken key behind the bridge and a");
    }
  }

  @Test
  void load_withoutTheArtifactNamesIt() throws IOException {
    try (URLClassLoader classes = new URLClassLoader(new URL[0], null)) {
      assertThatThrownBy(() -> TinyModel.load(classes))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("md4-sample with the classifier tiny");
    }
  }

  @Test
  void files_areBelowAMegabyte() throws IOException {
    try (Stream<Path> files = Files.walk(FILES)) {
      assertThat(files.mapToLong(file -> file.toFile().length()).sum()).isLessThan(1_000_000);
    }
  }
}
