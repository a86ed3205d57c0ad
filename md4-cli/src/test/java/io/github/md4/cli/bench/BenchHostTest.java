// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class BenchHostTest {
  @TempDir Path folder;

  @Test
  void commit_isTheManifests() throws IOException {
    assertThat(BenchHost.commit(jar("Implementation-Commit", "573d1fad047a-dirty")))
        .hasValue("573d1fad047a-dirty");
    assertThat(BenchHost.commit(jar("Implementation-Title", "md4"))).isEmpty();
  }

  @Test
  void commit_thatGitDidNotTellIsNotKnown() throws IOException {
    assertThat(BenchHost.commit(jar("Implementation-Commit", ""))).isEmpty();
  }

  /** The build reads the file where there is no clone. */
  @Test
  void commit_isInWhatGitArchiveWrites() throws Exception {
    assumeThat(Files.exists(Path.of("../.git"))).as("in a clone").isTrue();
    assumeThat(new ProcessBuilder("sh", "-c", "command -v git").start().waitFor())
        .as("git is there")
        .isZero();
    String head = git("git rev-parse HEAD").strip();
    assertThat(git("git archive HEAD md4-cli/commit.txt | tar xO")).isEqualTo(head + "\n");
  }

  private static String git(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .directory(Path.of("..").toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return out;
  }

  @Test
  void commit_ofClassesInAFolderIsNotKnown() throws IOException {
    Path classFile = Files.createFile(folder.resolve("Main.class"));
    assertThat(BenchHost.commit(classFile.toUri().toURL())).isEmpty();
  }

  /** Returns where a class is in a jar with this line in its manifest. */
  private URL jar(String name, String value) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue(name, value);
    Path jar = folder.resolve(name + ".jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      out.putNextEntry(new ZipEntry("Main.class"));
    }
    return new URL("jar:" + jar.toUri() + "!/Main.class");
  }
}
